/* Live toasts for play buttons. Everything works without this file: a button then leads to the next page, which tells
   the news. No cookie, no storage, no other host; fit for a Content-Security-Policy of script-src 'self'. */

(() => {
  "use strict";

  const closing = document.currentScript?.dataset.close || "×";

  const make = (name, className, text) => {
    const element = document.createElement(name);
    element.className = className;
    if (text) element.textContent = text;
    return element;
  };

  const closable = (news) => {
    const button = make("button", "playlyfe-news__close", "×");
    button.type = "button";
    button.setAttribute("aria-label", closing);
    button.addEventListener("click", () => news.remove());
    news.append(button);
  };

  /* A region that screen readers listen to has to be there before its text. */
  const toasts = make("div", "playlyfe playlyfe-toasts");
  toasts.setAttribute("role", "status");
  document.body.append(toasts);

  const tell = (status, cause, lines) => {
    const news = make("div", `playlyfe-news playlyfe-news--${status}`);
    if (cause) news.append(make("p", "playlyfe-news__cause", cause));
    for (const line of lines) news.append(make("p", "playlyfe-earned", line));
    closable(news);
    toasts.append(news);
  };

  /* The page again, without the site around it: what a play has changed on it. */
  const refresh = async (action) => {
    const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
    const part = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".playlyfe-page");
    const page = document.querySelector(".playlyfe-page");
    if (!answer.ok || !part || !page) return;
    page.replaceWith(document.adoptNode(part));
    [...document.forms].find((form) => form.getAttribute("action") === action)?.querySelector('[type="submit"]')?.focus();
  };

  const play = async (form) => {
    const action = form.getAttribute("action");
    const button = form.querySelector('[type="submit"]');
    button.setAttribute("aria-disabled", "true");
    const answer = await fetch(action, {
      method: "POST",
      body: new FormData(form),
      headers: { Accept: "application/json" },
    });
    if (answer.status === 400 || answer.status === 401) return form.submit(); /* nothing was played: show it in full */
    const said = await answer.json();
    button.removeAttribute("aria-disabled");
    if (!answer.ok) return tell("refused", "", [said.error]);
    for (const news of said.feedback) tell(news.status, news.action.name, news.lines);
    return refresh(action);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches(".playlyfe-action__form")) return;
    event.preventDefault();
    if (form.querySelector('[aria-disabled="true"]')) return;
    play(form).catch(() => location.reload()); /* it may have been played: the page knows, a second try would not */
  });

  for (const news of document.querySelectorAll("[data-playlyfe-feedback] > .playlyfe-news")) closable(news);
})();
