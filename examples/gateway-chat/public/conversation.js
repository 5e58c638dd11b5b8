// The messages of one room: shown in the order of their numbers, each once, however often it arrives, and
// those under way at the end until their number comes back.

import { element, face } from './element.js';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const FOLLOWS_MS_MAX = 5 * 60_000;

export class Conversation {
  #list;
  #me = null;
  #shown = new Map();
  lastSeq = 0;

  constructor(list) {
    this.#list = list;
  }

  open(me) {
    this.#me = me;
    this.#shown.clear();
    this.#list.replaceChildren();
    this.lastSeq = 0;
  }

  /** A message of ours that the server has not confirmed. */
  pending(message) {
    this.#put({ ...message, seq: Infinity }, 'pending');
  }

  confirmed(message) {
    this.lastSeq = Math.max(this.lastSeq, message.seq);
    this.#put(message);
  }

  refused(id, why) {
    const item = this.#shown.get(id)?.item;
    item?.classList.replace('pending', 'refused');
    item?.append(element('span', { className: 'why' }, why));
  }

  #put(message, state) {
    const list = this.#list;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const old = this.#shown.get(message.id)?.item;
    const bereft = old?.nextElementSibling;
    old?.remove();
    const item = this.#item(message);
    if (state) item.classList.add(state);
    this.#shown.set(message.id, { message, item });
    const later = [...list.children].findLast((other) => this.#of(other).seq <= message.seq);
    if (later) later.after(item);
    else list.prepend(item);
    for (const changed of [bereft, item, item.nextElementSibling]) this.#group(changed);
    if (atEnd || message.person.id === this.#me.id) list.scrollTop = list.scrollHeight;
  }

  #of(item) {
    return this.#shown.get(item.dataset.id).message;
  }

  #item({ id, person, text, server, at }) {
    const by = element('span', { className: 'by' }, element('b', {}, person.name), ` ${clock.format(at)}`);
    if (server) by.append(` · via ${server}`);
    const item = element('li', {}, face(person), by, element('span', { className: 'text' }, text));
    item.dataset.id = id;
    item.classList.toggle('mine', person.id === this.#me.id);
    return item;
  }

  /** Several messages of one person in a row carry the name once. */
  #group(item) {
    if (!item) return;
    const before = item.previousElementSibling && this.#of(item.previousElementSibling);
    const message = this.#of(item);
    const follows = before && before.person.id === message.person.id && before.server === message.server
      && message.at - before.at < FOLLOWS_MS_MAX;
    item.classList.toggle('follows', Boolean(follows));
  }
}
