// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/** The page: it has `wifi` of preload.js, and no Node.js. */

/** @typedef {{ ok: true, value: any } | { ok: false, code: string, message: string }} Answer */
/** @typedef {Record<'list' | 'password' | 'save' | 'forget', (...args: string[]) => Promise<Answer>>} Wifi */

const { wifi } = /** @type {Window & { wifi: Wifi }} */ (/** @type {unknown} */ (window));
const form = /** @type {HTMLFormElement} */ (document.getElementById('form'));
const said = /** @type {HTMLOutputElement} */ (document.getElementById('said'));
const networks = /** @type {HTMLUListElement} */ (document.getElementById('networks'));

/** @param {Answer} answer @param {(value: any) => string} text */
function say(answer, text) {
  said.textContent = answer.ok ? text(answer.value) : `${answer.code}: ${answer.message}`;
}

async function refresh() {
  const answer = await wifi.list();
  if (!answer.ok) return say(answer, String);
  networks.replaceChildren(
    ...answer.value.map((/** @type {string} */ ssid) =>
      Object.assign(document.createElement('li'), { textContent: ssid }),
    ),
  );
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const [ssid, password] = [String(fields.get('ssid')), String(fields.get('password'))];
  const button = /** @type {HTMLButtonElement} */ (event.submitter);
  if (button.name === 'save') say(await wifi.save(ssid, password), () => 'Saved.');
  if (button.name === 'show') say(await wifi.password(ssid), (value) => value ?? 'No such network.');
  if (button.name === 'forget') say(await wifi.forget(ssid), (was) => (was ? 'Forgotten.' : 'No such network.'));
  await refresh();
});

void refresh();
