from django.urls import path

from feedback.views import board, cards, issuing, link, making, papers, senders, verify

app_name = "feedback"

OFFICE = [
    path("cards/", board.board, name="board"),
    path("cards/show/", board.show, name="show_all"),
    path("cards/agree/", board.agree, name="agree_all"),
    path("cards/correct/", board.correct, name="correct_all"),
    path("cards/issue/", issuing.issue, name="issue_all"),
    path("cards/runs/<int:pk>/", issuing.run, name="run"),
    path("cards/runs/<int:pk>/progress/", issuing.progress, name="run_progress"),
    path("cards/make/", making.make, name="make"),
    path("cards/settings/", senders.sender, name="sender"),
    path("cards/sheets/", papers.sheets, name="sheets"),
    path("cards/cards.pdf", papers.pdf, name="pdf"),
    path("cards/<int:pk>/", cards.card, name="card"),
    path("cards/<int:pk>/show/", cards.show, name="show"),
    path("cards/<int:pk>/agree/", cards.agree, name="agree"),
    path("cards/<int:pk>/correct/", cards.correct, name="correct"),
    path("cards/<int:pk>/issue/", cards.issue, name="issue"),
    path("cards/<int:pk>/withdraw/", cards.withdraw, name="withdraw"),
    path("cards/<int:pk>/drop/", cards.drop, name="drop"),
    path("cards/<int:pk>/remake/", cards.remake, name="remake"),
    path("cards/<int:pk>/print/", papers.printed, name="print"),
]
MEMBERS = [
    path("c/<str:token>/", link.link, name="link"),
    path("c/<str:token>/agree/", link.agree, name="link_agree"),
    path("c/<str:token>/object/", link.object_, name="link_object"),
    path("c/<str:token>/take-back/", link.take_back, name="link_take_back"),
]
ANYBODY = [
    path("verify/", verify.verify, name="verify_any"),
    path("verify/<str:number>/", verify.verify, name="verify"),
]
EMPLOYERS: list = []  # the inbox, and what employers offer

urlpatterns = [*OFFICE, *MEMBERS, *ANYBODY, *EMPLOYERS]
