// A script as a command: sent by the name it has in the engine, and whole where the engine does not know it yet.

'use strict';

const { createHash } = require('node:crypto');
const { refusal } = require('./errors.js');

class Script {
  constructor(name, { lua, numberOfKeys }) {
    if (typeof lua !== 'string') {
      throw refusal(`the command ${name} is defined by its script: { lua, numberOfKeys }`);
    }
    this.lua = lua;
    this.numberOfKeys = numberOfKeys;
    this.sha = createHash('sha1').update(lua).digest('hex');
  }

  /** Its words: how many keys there are is the first of them, where the definition does not say. */
  words(words) {
    return this.numberOfKeys === undefined ? words : [this.numberOfKeys, ...words];
  }

  async run(client, words, buffers) {
    const all = this.words(words);
    try {
      return await client.run('EVALSHA', [this.sha, ...all], { buffers });
    } catch (error) {
      if (error.code !== 'NOSCRIPT') {
        throw error;
      }
      return client.run('EVAL', [this.lua, ...all], { buffers });
    }
  }
}

module.exports = { Script };
