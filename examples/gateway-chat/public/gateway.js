// Requests to the gateway. A 401 to somebody with a token means that the session is over, whatever was asked.

export class Failure extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class Gateway {
  token = null;
  onSessionOver = () => {};

  async #ask(method, path, { body, headers = {} } = {}) {
    let response;
    try {
      response = await fetch(path, {
        method,
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...headers },
        body: body && JSON.stringify(body),
      });
    } catch {
      throw new Failure(0, 'the gateway cannot be reached');
    }
    const answer = response.status === 204 ? null : await response.json().catch(() => null);
    return { response, answer };
  }

  async #asPerson(method, path, body) {
    const token = this.token;
    const { response, answer } = await this.#ask(method, path, { body, headers: { Authorization: `Bearer ${token}` } });
    if (response.ok) return answer;
    if (response.status === 401 && token === this.token) this.onSessionOver();
    throw new Failure(response.status, answer?.error ?? response.statusText);
  }

  async signIn(user, password) {
    const { response, answer } = await this.#ask('POST', '/api/sessions', { body: { user, password } });
    if (!response.ok) throw new Failure(response.status, answer?.error ?? response.statusText);
    this.token = answer.token;
    return answer.session;
  }

  me() { return this.#asPerson('GET', '/api/me'); }
  rooms() { return this.#asPerson('GET', '/api/rooms'); }
  servers() { return this.#asPerson('GET', '/api/servers'); }
  sessions() { return this.#asPerson('GET', '/api/sessions'); }
  endSession(id) { return this.#asPerson('DELETE', `/api/sessions/${id}`); }
  newKey(name) { return this.#asPerson('POST', '/api/keys', { name }); }
  revokeKey(id) { return this.#asPerson('DELETE', `/api/keys/${id}`); }

  /** As a machine would: with a key, not with the token. Answers how much of the quota is left, too. */
  async notify(key, text) {
    const { response, answer } = await this.#ask('POST', '/notify', { body: { text }, headers: { 'X-API-Key': key } });
    const header = (name) => Number(response.headers.get(name));
    const quota = response.headers.has('RateLimit-Limit')
      ? { limit: header('RateLimit-Limit'), remaining: header('RateLimit-Remaining'), resetS: header('RateLimit-Reset') }
      : null;
    return { ok: response.ok, status: response.status, error: answer?.error, quota };
  }
}
