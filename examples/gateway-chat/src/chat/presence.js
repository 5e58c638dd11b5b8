// Who is in which room on which server. Each server writes its own sockets into the roll and renews them by
// heartbeat; a change is told to the other servers, and each reads the roll anew for its own pages. Reading
// anew, one read at a time, means that whatever order the news arrive in, the last list shown is the true one.

export class Presence {
  #roll;
  #own = new Map();
  #show;
  #tell;
  #log;
  #shown = '';
  #stale = false;
  #reading = null;

  /** `show(list)` gives a changed list to the pages of this server, `tell()` lets the other servers know. */
  constructor({ roll, show, tell, log }) {
    this.#roll = roll;
    this.#show = show;
    this.#tell = tell;
    this.#log = log;
  }

  async enter(socketId, record) {
    this.#own.set(socketId, record);
    await this.#roll.keep(new Map([[socketId, record]]));
    // It may have left while it was being written.
    if (!this.#own.has(socketId)) await this.#roll.leave([socketId]);
    this.#changed();
  }

  async leave(socketId) {
    if (!this.#own.delete(socketId)) return;
    await this.#roll.leave([socketId]);
    this.#changed();
  }

  #changed() {
    this.#tell();
    return this.refresh();
  }

  /** Renews the entries of this server and looks whether those of others have expired. */
  async heartbeat() {
    await this.#roll.keep(this.#own);
    await this.refresh();
  }

  /** Reads the roll, after a read that is under way: that one may have begun before the change. */
  refresh() {
    this.#stale = true;
    this.#reading ??= this.#read().finally(() => { this.#reading = null; });
    return this.#reading;
  }

  async #read() {
    while (this.#stale) {
      this.#stale = false;
      let list;
      try {
        list = await this.#roll.list();
      } catch (error) {
        this.#log.error('who is here cannot be read; the next heartbeat tries again', error);
        return;
      }
      const text = JSON.stringify(list);
      if (text !== this.#shown) this.#show(list);
      this.#shown = text;
    }
  }

  list() {
    return this.#roll.list();
  }

  async leaveAll() {
    const ids = [...this.#own.keys()];
    this.#own.clear();
    await this.#roll.leave(ids);
    if (ids.length > 0) this.#tell();
  }
}
