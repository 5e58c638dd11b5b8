// The right-hand panel: the reader plays the machine that notifies, and ends sessions.

import { byId, element } from './element.js';

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function deviceName(agent) {
  const browser = agent.match(/(Firefox|Edg|Chrome|HeadlessChrome|Safari|curl|node)\b/)?.[1] ?? 'A program';
  const system = agent.match(/(Android|iPhone|iPad|Mac OS X|Windows|Linux)/)?.[1];
  const name = { Edg: 'Edge', HeadlessChrome: 'Chrome', node: 'Node' }[browser] ?? browser;
  return system ? `${name} on ${system.replace('Mac OS X', 'macOS')}` : name;
}

export class GatewayPanel {
  #gateway;
  #key = null;
  #session = null;
  #countdown = null;

  constructor(gateway) {
    this.#gateway = gateway;
    byId('new-key').addEventListener('click', () => this.#try(() => this.#newKey()));
    byId('revoke-key').addEventListener('click', () => this.#try(() => this.#revokeKey()));
    byId('notify').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#try(() => this.#notify());
    });
  }

  async open(session) {
    this.#session = session;
    this.#showKey(null);
    await this.refresh();
  }

  close() {
    clearInterval(this.#countdown);
    this.#key = null;
  }

  /** The lists, in the background: what is shown as failed stays to be read. */
  async refresh() {
    await Promise.all([this.#sessions(), this.#servers()]).catch(() => {});
  }

  /** What the reader asked for: its failure is shown, until the next request. */
  async #try(action) {
    this.#fail(null);
    try {
      await action();
    } catch (error) {
      if (error.status !== 401) this.#fail(error.message);
    }
  }

  #fail(message) {
    byId('notify-failure').hidden = !message;
    byId('notify-failure').textContent = message ?? '';
  }

  #showKey(key) {
    this.#key = key;
    byId('key').textContent = key ? key.key : 'no key yet';
    byId('key').title = key ? key.key : '';
    byId('revoke-key').hidden = !key;
    byId('new-key').hidden = Boolean(key);
    this.#quota(null);
  }

  async #newKey() {
    this.#showKey(await this.#gateway.newKey('page'));
  }

  async #revokeKey() {
    await this.#gateway.revokeKey(this.#key.id);
    // The key stays in the field: trying it now shows that it is refused.
    byId('revoke-key').hidden = true;
    byId('new-key').hidden = false;
    this.#fail('The key is revoked.');
  }

  async #notify() {
    if (!this.#key) await this.#newKey();
    const input = byId('notify-text');
    const { ok, error, quota } = await this.#gateway.notify(this.#key.key, input.value.trim() || input.placeholder);
    if (ok) input.value = '';
    else this.#fail(error ?? 'the gateway refused');
    this.#quota(quota);
  }

  /** Shows what is left and counts down to the next window. */
  #quota(quota) {
    clearInterval(this.#countdown);
    byId('quota').hidden = !quota;
    if (!quota) return;
    const { limit, remaining } = quota;
    Object.assign(byId('quota-left'), { max: limit, value: remaining, low: limit / 4 });
    const resetAt = Date.now() + quota.resetS * 1000;
    const show = () => {
      const seconds = Math.ceil((resetAt - Date.now()) / 1000);
      byId('quota-text').textContent = `${remaining} of ${limit} left, new in ${Math.max(0, seconds)} s`;
      if (seconds <= 0) this.#quota(null);
    };
    this.#countdown = setInterval(show, 1_000);
    show();
  }

  async #sessions() {
    const sessions = await this.#gateway.sessions();
    byId('sessions').replaceChildren(...sessions.map((session) => this.#sessionItem(session)));
  }

  #sessionItem(session) {
    const mine = session.id === this.#session.id;
    const since = element('small', {}, `since ${time.format(session.startedAt)}${mine ? ' · this page' : ''}`);
    const end = element('button', { type: 'button', ariaLabel: mine ? 'End this session' : 'End the other session' }, 'End');
    end.addEventListener('click', () => this.#try(async () => {
      await this.#gateway.endSession(session.id);
      if (!mine) await this.#sessions();
    }));
    return element('li', {}, element('span', { className: 'what' }, deviceName(session.device), since), end);
  }

  async #servers() {
    const servers = await this.#gateway.servers();
    byId('servers').replaceChildren(...servers.map(({ name, url, people }) => element(
      'li', { title: url }, element('i', { className: 'lamp' }), name,
      element('span', { className: 'people-there' }, people === 1 ? '1 page' : `${people} pages`),
    )));
  }
}
