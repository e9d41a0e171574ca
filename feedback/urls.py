from django.urls import path

from feedback.views import (
    asked,
    asking,
    board,
    card_report,
    cards,
    inbox,
    inbox_keys,
    inbox_many,
    inbox_offers,
    inbox_papers,
    inbox_replies,
    issuing,
    link,
    links,
    making,
    offers,
    papers,
    senders,
    units,
    verify,
)

app_name = "feedback"

OFFICE = [
    path("cards/", board.board, name="board"),
    path("cards/show/", board.show, name="show_all"),
    path("cards/agree/", board.agree, name="agree_all"),
    path("cards/correct/", board.correct, name="correct_all"),
    path("cards/issue/", issuing.issue, name="issue_all"),
    path("cards/runs/<int:pk>/", issuing.run, name="run"),
    path("cards/runs/<int:pk>/stop/", issuing.stop, name="run_stop"),
    path("cards/runs/<int:pk>/progress/", issuing.progress, name="run_progress"),
    path("cards/make/", making.make, name="make"),
    path("cards/ask/", asking.ask, name="ask"),
    path("cards/links/", links.links, name="links"),
    path("cards/codes/<int:pk>/", asking.code, name="code"),
    path("cards/codes/<int:pk>/close/", asking.close, name="code_close"),
    path("cards/codes/<int:pk>/poster.pdf", asking.poster, name="code_poster"),
    path("cards/settings/", senders.sender, name="sender"),
    path("cards/sheets/", papers.sheets, name="sheets"),
    path("cards/cards.pdf", papers.pdf, name="pdf"),
    path("cards/<int:pk>/", cards.card, name="card"),
    path("cards/<int:pk>/show/", cards.show, name="show"),
    path("cards/<int:pk>/agree/", cards.agree, name="agree"),
    path("cards/<int:pk>/correct/", cards.correct, name="correct"),
    path("cards/<int:pk>/issue/", cards.issue, name="issue"),
    path("cards/<int:pk>/stop/", cards.stop, name="stop"),
    path("cards/<int:pk>/withdraw/", cards.withdraw, name="withdraw"),
    path("cards/<int:pk>/drop/", cards.drop, name="drop"),
    path("cards/<int:pk>/remake/", cards.remake, name="remake"),
    path("cards/<int:pk>/print/", papers.printed, name="print"),
]
REPORTS = [
    path("cards-report/", card_report.start, name="card_report_start"),
    path("cards-report/<int:pk>/", card_report.show, name="card_report"),
    path("cards-report/<int:pk>/print/", card_report.printed, name="card_report_print"),
    path("cards-report/<int:pk>/cards-report.xlsx", card_report.exported, name="card_report_xlsx"),
]
MEMBERS = [
    path("ask/<str:code>/", asked.asked, name="asked"),
    path("c/<str:token>/", link.link, name="link"),
    path("c/<str:token>/agree/", link.agree, name="link_agree"),
    path("c/<str:token>/object/", link.object_, name="link_object"),
    path("c/<str:token>/refuse/", link.refuse, name="link_refuse"),
    path("c/<str:token>/unsay/", link.unsay, name="link_unsay"),
    path("c/<str:token>/take-back/", link.take_back, name="link_take_back"),
]
ANYBODY = [
    path("verify/", verify.verify, name="verify_any"),
    path("verify/<str:number>/", verify.verify, name="verify"),
]
EMPLOYERS = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/cards.xlsx", inbox.exported, name="inbox_xlsx"),
    path("inbox/cards.pdf", inbox_papers.pdf, name="inbox_pdf"),
    path("inbox/receive/", inbox_many.receive, name="inbox_receive_many"),
    path("inbox/answer/", inbox_many.answer, name="inbox_answer_many"),
    path("inbox/<int:pk>/", inbox.card, name="inbox_card"),
    path("inbox/<int:pk>/receive/", inbox_replies.receive, name="inbox_receive"),
    path("inbox/<int:pk>/take-back/", inbox_replies.take_back, name="inbox_take_back"),
    path("inbox/<int:pk>/answer/", inbox_replies.answer, name="inbox_answer"),
    path("inbox/<int:pk>/return/", inbox_replies.give_back, name="inbox_return"),
    path("inbox/<int:pk>/print/", inbox_papers.printed, name="inbox_print"),
    path("inbox/<int:pk>/receipt.json", inbox_papers.receipt, name="inbox_receipt"),
    path("inbox/<int:pk>/receipt.pdf", inbox_papers.receipt_paper, name="inbox_receipt_pdf"),
    path("our-offers/", inbox_offers.index, name="inbox_offers"),
    path("our-offers/add/", inbox_offers.add, name="inbox_offer_add"),
    path("our-offers/<int:pk>/", inbox_offers.edit, name="inbox_offer"),
    path("our-offers/<int:pk>/take-back/", inbox_offers.take_back, name="inbox_offer_take_back"),
    path("our-offers/<int:pk>/again/", inbox_offers.offer_again, name="inbox_offer_again"),
    path("inbox/keys/", inbox_keys.index, name="inbox_keys"),
    path("inbox/keys/<int:pk>/rotate/", inbox_keys.rotate, name="inbox_key_rotate"),
]
OFFERS = [
    path("offers/", offers.index, name="offers"),
    path("offers/<int:pk>/", offers.offer, name="offer"),
    path("offers/<int:pk>/use/", offers.use, name="offer_use"),
    path("offers/<int:pk>/used-up/", offers.used_up, name="offer_used_up"),
    path("offers/<int:pk>/available/", offers.available, name="offer_available"),
]
UNITS = [
    path("employer-keys/<int:pk>/rotate/", units.rotate_key, name="key_rotate"),
    path("employer-keys/<int:pk>/revoke/", units.revoke_key, name="key_revoke"),
    path("contacts/<int:pk>/reset/", units.reset_contact, name="contact_reset"),
    path("contacts/<int:pk>/end/", units.end_contact, name="contact_end"),
    path("webhooks/<int:pk>/secret/", units.new_secret, name="webhook_secret"),
    path("deliveries/<int:pk>/send/", units.resend, name="delivery_send"),
]

urlpatterns = [*OFFICE, *REPORTS, *MEMBERS, *ANYBODY, *EMPLOYERS, *OFFERS, *UNITS]
