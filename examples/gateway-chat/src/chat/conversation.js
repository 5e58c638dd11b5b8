// What a socket may do once it is known whose it is: join a room, say something, show that it is typing.
// Every answer goes through the acknowledgement, so that a page knows what became of what it sent.

const TEXT_LEN_MAX = 2_000;
const ID = /^[0-9a-f-]{36}$/;

class Refused extends Error {}

/** Answers the acknowledgement with what `handle` returns, or with the reason of its failure. */
function acknowledged(log, handle) {
  return async (body, acknowledge) => {
    const answer = typeof acknowledge === 'function' ? acknowledge : () => {};
    try {
      answer({ ok: true, ...(await handle(body ?? {})) });
    } catch (error) {
      if (!(error instanceof Refused)) log.error('a request of a page failed', error);
      answer({ ok: false, error: error instanceof Refused ? error.message : 'this failed, try again' });
    }
  };
}

export function converse(socket, { io, server, rooms, history, presence, log }) {
  const { person } = socket.data.session;
  let current = null;

  const join = async ({ room, after }) => {
    const { value } = typeof room === 'string' ? await rooms.find(room) : { value: null };
    if (!value) throw new Refused('there is no such room');
    if (current && current !== room) await socket.leave(`room:${current}`);
    current = room;
    await socket.join(`room:${room}`);
    if (socket.connected) await presence.enter(socket.id, { person, room, server });
    // Read after joining: a message is in the history, or comes by itself, or both, and pages know its id.
    const messages = await history.since(room, Number.isSafeInteger(after) ? after : 0);
    return { room: value, messages, people: await presence.list() };
  };

  const say = async ({ id, room, text }) => {
    if (!current || room !== current) throw new Refused('join the room first');
    if (typeof id !== 'string' || !ID.test(id)) throw new Refused('a message needs an id');
    if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_LEN_MAX) {
      throw new Refused(`a message has 1 to ${TEXT_LEN_MAX} characters`);
    }
    const message = await history.add(room, { id, room, person, text: text.trim(), server, at: Date.now() });
    io.to(`room:${room}`).emit('message', message);
    return { seq: message.seq };
  };

  socket.on('join', acknowledged(log, join));
  socket.on('say', acknowledged(log, say));
  socket.on('typing', (typing) => {
    if (current) socket.to(`room:${current}`).volatile.emit('typing', { person, room: current, typing: typing === true });
  });
  socket.on('disconnect', async () => {
    if (current) socket.to(`room:${current}`).emit('typing', { person, room: current, typing: false });
    try {
      await presence.leave(socket.id);
    } catch (error) {
      log.error(`${person.id} left, which will be seen when the entry expires`, error);
    }
  });
}
