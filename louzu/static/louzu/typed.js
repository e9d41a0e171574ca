// What was typed stays in this tab until it is saved: through a lost login, "back" and a refresh, for the same person only.
(() => {
  const KEY = "louzu-typed"; // in the tab's own storage: drafts by address and form
  const BY = "louzu-typed-by"; // shared by the tabs: who is logged in, or that somebody has logged out
  const MOST = 500_000, DAY = 86_400_000, PAUSE = 300;
  const who = () => document.cookie.match(/(?:^|; )(?:__Host-)?louzu_who=([^;]*)/)?.[1] ?? "";
  const mine = who(); // as the page was opened: somebody else may log in beside it
  const here = location.pathname + location.search;
  const visit = performance.getEntriesByType("navigation")[0];
  const isAgain = ["reload", "back_forward"].includes(visit?.type);
  const isDirect = !visit?.redirectCount;
  const SILENT = ["submit", "button", "image", "reset", "fieldset", "output"];
  let isAnswer = false; // the page is a form's own answer, so that its fields differ from those of an empty one
  let pause = 0;
  const touched = new Set(), sent = new Set();

  const load = () => JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
  const clear = () => sessionStorage.removeItem(KEY);
  const store = (drafts) => {
    const newest = Object.entries(drafts).sort(([, one], [, other]) => other.at - one.at);
    while (newest.length && JSON.stringify(Object.fromEntries(newest)).length > MOST) newest.pop();
    if (newest.length) sessionStorage.setItem(KEY, JSON.stringify(Object.fromEntries(newest)));
    else clear();
  };

  const fields = (form) => [...form.elements].filter((field) => field.name && field.name !== "csrfmiddlewaretoken" && !SILENT.includes(field.type));
  const isSecret = (field) => ["password", "file"].includes(field.type) || field.matches("[data-no-draft], [autocomplete=one-time-code], [autocomplete=off][inputmode=numeric]");
  const isTick = (field) => ["checkbox", "radio"].includes(field.type);
  const isKept = (form) => form.method === "post" && !form.querySelector("[type=password]");
  const marks = (form) => JSON.stringify(fields(form).filter((field) => field.type === "hidden").map((field) => [field.name, field.value]));
  const isChosen = (select) => {
    const options = [...select.options];
    const first = select.multiple || options.some((option) => option.defaultSelected) ? -1 : 0;
    return options.some((option, at) => option.selected !== (option.defaultSelected || at === first));
  };
  const isChanged = (field) => {
    if (field.options) return isChosen(field);
    return isTick(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  };

  const told = (form) => {
    const seen = {}, kept = [];
    let isLeftOut = false;
    for (const field of fields(form)) {
      const nth = (seen[field.name] = (seen[field.name] ?? -1) + (field.type === "hidden" ? 0 : 1));
      if (isSecret(field)) isLeftOut ||= isChanged(field);
      else if (isAnswer || (field.type !== "hidden" && isChanged(field))) {
        const options = field.options ? [...field.selectedOptions].map((option) => [option.value, option.text]) : undefined;
        kept.push({ name: field.name, nth: Math.max(nth, 0), value: field.value, checked: isTick(field) ? field.checked : undefined, options });
      }
    }
    return { kept, isLeftOut };
  };

  const keep = (form, isSent = false) => {
    if (!mine || who() !== mine || !isKept(form)) return;
    const drafts = load(), key = `${here} ${[...document.forms].indexOf(form)}`;
    const { kept, isLeftOut } = told(form);
    if (kept.length) drafts[key] = { url: here, action: form.getAttribute("action"), marks: marks(form), by: mine, at: Date.now(), kept, isLeftOut, isSent, isLost: !isSent && (drafts[key]?.isLost ?? false) };
    else delete drafts[key];
    store(drafts);
  };
  const keepAll = () => {
    clearTimeout(pause);
    for (const form of touched) keep(form);
    touched.clear();
  };
  const touch = (form) => {
    if (!form || sent.has(form)) return;
    touched.add(form);
    clearTimeout(pause);
    pause = setTimeout(keepAll, PAUSE);
  };

  const choose = (field, options) => {
    const isSearched = field.matches(".select2-hidden-accessible, .admin-autocomplete");
    const known = options.filter(([value]) => [...field.options].some((option) => option.value === value));
    if (!isSearched && known.length < options.length) return; // no choice any more: what the page shows stays
    for (const [value, text] of options) if (isSearched && !known.some(([one]) => one === value)) field.add(new Option(text, value));
    for (const option of field.options) option.selected = options.some(([value]) => value === option.value);
    window.django?.jQuery?.(field).trigger("change");
  };
  const fill = (form, draft) => {
    for (const one of draft.kept) {
      const named = fields(form).filter((field) => field.name === one.name && field.type !== "hidden" && !isSecret(field));
      if (one.checked !== undefined && named.some(isTick)) {
        for (const field of named) if (field.value === one.value) field.checked = one.checked;
      } else if (named[one.nth]?.options) choose(named[one.nth], one.options ?? [[one.value, one.value]]);
      else if (named[one.nth] && !isTick(named[one.nth])) named[one.nth].value = one.value;
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const tell = (form, draft) => {
    const left = draft.isLeftOut ? "为了安全，身份证号、电话和选好的文件没有留下，请再填一次。" : "";
    form.insertAdjacentHTML("afterbegin", `<p class="lz-notice" role="status">刚才没有保存。您填写的内容已经恢复，请检查后再保存。${left} <button type="button" class="lz-button lz-plain" data-forget>不要这些内容</button></p>`);
  };
  const formOf = (draft) => {
    const alike = [...document.forms].filter((form) => isKept(form) && form.getAttribute("action") === draft.action
      && fields(form).some((field) => field.type !== "hidden" && draft.kept.some((one) => one.name === field.name)));
    return alike.length === 1 ? alike[0] : alike.filter((form) => marks(form) === draft.marks)[0];
  };

  const settle = (drafts) => {
    const isLogin = document.querySelector("[type=password]") !== null;
    const isLost = document.querySelector("[data-lost]") !== null && isDirect;
    for (const [key, draft] of Object.entries(drafts)) {
      if (Date.now() - draft.at > DAY || (mine && draft.by !== mine)) delete drafts[key];
      else if (isLogin || (draft.isSent && (isLost || isAgain))) Object.assign(draft, { isLost: true, isSent: false });
      else if (draft.isSent) {
        isAnswer ||= isDirect;
        delete drafts[key];
      } else if (draft.url === here && !draft.isLost && !isAgain && !isLost) delete drafts[key];
    }
    return isLogin || document.querySelector("[data-lost]") ? [] : Object.values(drafts).filter((draft) => draft.url === here);
  };

  const arrive = () => {
    if (mine && !document.querySelector("[type=password]") && localStorage.getItem(BY) !== mine) localStorage.setItem(BY, mine);
    const drafts = load(), wanted = settle(drafts);
    store(drafts);
    for (const draft of wanted) {
      const form = formOf(draft);
      if (!form) continue;
      fill(form, draft);
      tell(form, draft);
    }
  };

  document.addEventListener("input", (event) => touch(event.target.form));
  document.addEventListener("change", (event) => touch(event.target.form));
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented) return;
    if ((form.getAttribute("action") ?? "").endsWith("/logout/")) {
      touched.clear();
      clear();
      localStorage.setItem(BY, `${Date.now()}`);
      return;
    }
    touched.delete(form);
    keepAll();
    keep(form, true);
    sent.add(form);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-forget]")) return;
    touched.clear();
    store(Object.fromEntries(Object.entries(load()).filter(([, draft]) => draft.url !== here)));
    location.replace(location.href);
  });
  window.addEventListener("storage", (event) => { if (event.key === BY && event.newValue !== mine) clear(); });
  window.addEventListener("pageshow", () => sent.clear());
  window.addEventListener("pagehide", keepAll);
  document.addEventListener("DOMContentLoaded", () => {
    window.django?.jQuery?.(document).on("select2:select select2:unselect select2:clear", (event) => touch(event.target.form));
    setTimeout(arrive); // after the page's own scripts
  });
})();
