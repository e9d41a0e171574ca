// A login lost in the middle of a form: what was typed comes back behind the new one, in this tab, for the same person.
(() => {
  const KEY = "louzu-typed";
  const MOST = 500_000;
  const who = () => document.cookie.match(/(?:^|; )louzu_who=([^;]*)/)?.[1] ?? "";
  const isSecret = (form) => form.querySelector("[type=password], [type=file]") !== null;
  const fields = (form) => [...form.elements].filter((field) => field.name && field.name !== "csrfmiddlewaretoken" && !["submit", "button"].includes(field.type));

  const told = (field) => ({
    name: field.name, value: field.value, checked: field.checked,
    options: [...(field.selectedOptions ?? [])].map((option) => [option.value, option.text]),
  });

  const keep = (form) => {
    const kept = JSON.stringify({ path: location.pathname, at: [...document.forms].indexOf(form), who: who(), fields: fields(form).map(told) });
    if (kept.length < MOST) sessionStorage.setItem(KEY, kept);
  };

  const choose = (field, options) => {
    for (const [value, text] of options) {
      if (![...field.options].some((option) => option.value === value)) field.add(new Option(text, value));
    }
    for (const option of field.options) option.selected = options.some(([value]) => value === option.value);
    window.django?.jQuery?.(field).trigger("change");
  };

  const fill = (form, kept) => {
    const seen = {};
    for (const one of kept) {
      const named = fields(form).filter((field) => field.name === one.name && field.type !== "hidden");
      const nth = (seen[one.name] = (seen[one.name] ?? -1) + 1);
      if (one.checked !== undefined && named.some((field) => ["checkbox", "radio"].includes(field.type))) {
        for (const field of named) if (field.value === one.value) field.checked = one.checked;
      } else if (named[nth]?.options) choose(named[nth], one.options);
      else if (named[nth]) named[nth].value = one.value;
    }
    form.dispatchEvent(new Event("change", { bubbles: true }));
    form.insertAdjacentHTML("afterbegin", '<p class="lz-notice" role="status">刚才登录过期，没有保存。您填写的内容已经恢复，请检查后再保存。</p>');
  };

  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.method === "post" && !isSecret(event.target)) keep(event.target);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
    if (!kept) return;
    if (document.querySelector("[data-lost], [type=password]")) {
      sessionStorage.setItem(KEY, JSON.stringify({ ...kept, isLost: true }));
      return;
    }
    if (kept.isLost && kept.path !== location.pathname) return;
    sessionStorage.removeItem(KEY);
    const form = document.forms[kept.at];
    if (kept.isLost && kept.who === who() && form && form.method === "post") fill(form, kept.fields);
  });
})();
