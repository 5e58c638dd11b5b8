// The page: signing in, the rooms and people, what is said, and which server it goes through.

import { Conversation } from './conversation.js';
import { byId, element, face } from './element.js';
import { GatewayPanel } from './gateway-panel.js';
import { Gateway } from './gateway.js';
import { Link } from './link.js';

const TOKEN = 'gateway-chat-token';
const TYPING_AGAIN_MS = 1_500;
const TYPING_MS_MAX = 4_000;
const TOAST_MS = 8_000;

const gateway = new Gateway();
const link = new Link(gateway);
const panel = new GatewayPanel(gateway);
const conversation = new Conversation(byId('messages'));

let session = null;
let rooms = new Map();
let current = null;
let joined = null;
let present = [];
const outbox = new Map();
let sending = false;
const typists = new Map();

// Signing in and out. The token is kept for the tab only, so that two tabs may be two people.

async function enter(started) {
  session = started;
  sessionStorage.setItem(TOKEN, gateway.token);
  const { person } = session;
  byId('me-name').textContent = person.name;
  byId('me-face').textContent = person.name.slice(0, 1);
  byId('me-face').style.backgroundColor = person.colour;
  rooms = new Map((await gateway.rooms()).map((room) => [room.id, room]));
  current = rooms.keys().next().value;
  byId('sign-in').hidden = true;
  byId('chat').hidden = false;
  openRoom(current);
  panel.open(session);
  link.start();
}

function leave(why) {
  link.stop();
  panel.close();
  sessionStorage.removeItem(TOKEN);
  gateway.token = null;
  session = null;
  outbox.clear();
  typists.clear();
  byId('chat').hidden = true;
  byId('sign-in').hidden = false;
  signInFailure(why);
}

function signInFailure(why) {
  const place = byId('sign-in').querySelector('.failure');
  place.hidden = !why;
  place.textContent = why ?? '';
}

const signIn = byId('sign-in').querySelector('form');
signIn.addEventListener('submit', async (event) => {
  event.preventDefault();
  signInFailure(null);
  try {
    await enter(await gateway.signIn(signIn.elements.user.value.trim(), signIn.elements.password.value));
    signIn.reset();
    markChip();
  } catch (error) {
    signInFailure(error.message);
  }
});
function markChip() {
  for (const chip of signIn.querySelectorAll('[data-user]')) {
    chip.ariaPressed = String(chip.dataset.user === signIn.elements.user.value);
  }
}
signIn.addEventListener('click', ({ target }) => {
  if (!target.dataset.user) return;
  signIn.elements.user.value = target.dataset.user;
  markChip();
  signIn.elements.password.focus();
});
byId('sign-out').addEventListener('click', async () => {
  const { id } = session;
  // Stopped first, so that the end of the session is not taken for news.
  link.stop();
  await gateway.endSession(id).catch(() => {});
  leave(null);
});
gateway.onSessionOver = () => session && leave('Your session was ended. Sign in again.');
link.addEventListener('over', () => session && leave('Your session was ended. Sign in again.'));

// Rooms and people.

function openRoom(id) {
  current = id;
  joined = null;
  conversation.open(session.person);
  typists.clear();
  showTyping();
  showRooms();
}

function showRooms() {
  byId('room-name').textContent = rooms.get(current).name;
  byId('room-topic').textContent = rooms.get(current).topic;
  byId('rooms').replaceChildren(...[...rooms.values()].map((room) => {
    const button = element('button', { type: 'button' }, room.name);
    button.ariaCurrent = String(room.id === current);
    button.addEventListener('click', async () => {
      if (room.id === current) return;
      openRoom(room.id);
      closeDrawers();
      await join();
    });
    return element('li', {}, button);
  }));
}

/** A person may have several pages, on several servers: one line for all of them. */
function showPeople() {
  const people = new Map();
  for (const { person, room, server } of present) {
    const known = people.get(person.id) ?? { person, rooms: new Set(), servers: new Set() };
    known.rooms.add(rooms.get(room)?.name ?? room);
    known.servers.add(server);
    people.set(person.id, known);
  }
  const sorted = [...people.values()].sort((a, b) => a.person.name.localeCompare(b.person.name));
  byId('people-count').textContent = sorted.length;
  byId('people').replaceChildren(...sorted.map((known) => {
    const where = element('span', { className: 'where' }, `in ${[...known.rooms].join(', ')}`);
    const servers = [...known.servers].sort().map((name) => element('span', { className: 'server' }, name));
    const item = element('li', {}, face(known.person), element('span', {}, known.person.name, where), ...servers);
    item.dataset.person = known.person.id;
    return item;
  }));
}

async function join() {
  const room = current;
  try {
    const answer = await link.ask('join', { room, after: conversation.lastSeq });
    if (room !== current) return;
    if (!answer.ok) throw new Error(answer.error);
    joined = room;
    rooms.set(room, answer.room);
    showRooms();
    present = answer.people;
    showPeople();
    answer.messages.forEach((message) => conversation.confirmed(message));
    flush();
  } catch (error) {
    // Without a connection there is nothing to say: the link is looking for one and then joins again.
    if (link.server) toast({ from: 'chat', text: `The room cannot be joined: ${error.message}`, level: 'warning' });
  }
}

link.addEventListener('searching', ({ detail }) => {
  joined = null;
  byId('link').dataset.state = 'searching';
  byId('link').dataset.server = '';
  byId('link-text').textContent = detail.lost ? `${detail.lost} is gone, looking for another server` : 'connecting';
});
link.addEventListener('online', async ({ detail }) => {
  byId('link').dataset.state = 'online';
  byId('link').dataset.server = detail.server;
  byId('link-text').replaceChildren(element('span', { className: 'wide' }, 'on server '), detail.server);
  await join();
});
link.addEventListener('presence', ({ detail }) => {
  present = detail;
  showPeople();
  panel.refresh();
});
link.addEventListener('room', ({ detail }) => {
  rooms.set(detail.id, detail);
  showRooms();
});

// What is said. It stays in the outbox until the server confirms it, and is sent again over the next
// connection if this one breaks; its id keeps it from being shown twice.

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = byId('message').value.trim();
  if (!text) return;
  const message = { id: crypto.randomUUID(), room: current, text, person: session.person, at: Date.now() };
  outbox.set(message.id, message);
  conversation.pending(message);
  byId('message').value = '';
  stopTyping();
  flush();
});

/** One at a time, so that they keep their order. */
async function flush() {
  if (sending) return;
  sending = true;
  try {
    for (const message of outbox.values()) {
      if (message.room !== joined) continue;
      const answer = await link.ask('say', { id: message.id, room: message.room, text: message.text });
      outbox.delete(message.id);
      if (!answer.ok) conversation.refused(message.id, answer.error);
    }
  } catch {
    // Not acknowledged: it stays in the outbox, and joining again empties that.
  } finally {
    sending = false;
  }
}

link.addEventListener('message', ({ detail }) => {
  outbox.delete(detail.id);
  typists.delete(detail.person.id);
  showTyping();
  if (detail.room === current) conversation.confirmed(detail);
});

// Typing.

let typedAt = 0;
function stopTyping() {
  if (typedAt) link.hint('typing', false);
  typedAt = 0;
}
byId('message').addEventListener('input', ({ target }) => {
  if (!target.value) return stopTyping();
  if (Date.now() - typedAt < TYPING_AGAIN_MS) return;
  typedAt = Date.now();
  link.hint('typing', true);
});
byId('message').addEventListener('blur', stopTyping);

link.addEventListener('typing', ({ detail }) => {
  if (detail.room !== current || detail.person.id === session.person.id) return;
  clearTimeout(typists.get(detail.person.id)?.timer);
  typists.delete(detail.person.id);
  if (detail.typing) {
    const timer = setTimeout(() => { typists.delete(detail.person.id); showTyping(); }, TYPING_MS_MAX);
    typists.set(detail.person.id, { name: detail.person.name, timer });
  }
  showTyping();
});
function showTyping() {
  const names = [...typists.values()].map(({ name }) => name);
  byId('typing').textContent = names.length === 0 ? ''
    : `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing…`;
}

// Notifications.

function toast({ from, text, level }) {
  const made = element('div', { className: `toast ${level}` }, element('b', {}, `From ${from}`), element('p', {}, text));
  const close = element('button', { type: 'button', ariaLabel: 'Close' }, '✕');
  close.addEventListener('click', () => made.remove());
  made.append(close);
  byId('toasts').append(made);
  setTimeout(() => made.remove(), TOAST_MS);
}
link.addEventListener('notification', ({ detail }) => toast({ ...detail, from: `the gateway (${detail.from})` }));

// Drawers of small screens.

function closeDrawers() {
  for (const drawer of document.querySelectorAll('.panel.open')) drawer.classList.remove('open');
}
for (const button of document.querySelectorAll('[data-drawer]')) {
  button.addEventListener('click', () => {
    const drawer = byId(`${button.dataset.drawer}-panel`);
    const open = !drawer.classList.contains('open');
    closeDrawers();
    drawer.classList.toggle('open', open);
  });
}

// A page that is loaded anew goes on with its session.

gateway.token = sessionStorage.getItem(TOKEN);
if (gateway.token) {
  try {
    await enter(await gateway.me());
  } catch (error) {
    leave(error.status === 401 ? 'Your session was ended. Sign in again.' : error.message);
  }
} else {
  leave(null);
}
