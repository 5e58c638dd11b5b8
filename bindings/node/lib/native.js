// The binary, set up for this thread, and what is told that something has come for it.
//
// The binary rings with numbers. Whoever has one and waits for something is noted here, and keeps the thread alive
// meanwhile; whoever does not wait is not noted, so that it can be collected.

'use strict';

const addon = require('./addon.js');
const { makeError } = require('./errors.js');

const waiting = new Map();

function dispatch(numbers) {
  for (const number of numbers) {
    try {
      waiting.get(number)?.rang();
    } catch (error) {
      // What a listener throws is its own affair, and must not keep the others from being told.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

addon.setUp(makeError, dispatch);

/** Has `receiver.rang()` called when its number rings, from now on. */
function wait(number, receiver) {
  if (!waiting.has(number)) {
    addon.hold(true);
  }
  waiting.set(number, receiver);
}

/** It waits for nothing more. */
function stopWaiting(number) {
  if (waiting.delete(number)) {
    addon.hold(false);
  }
}

module.exports = { openNative: addon.open, stopWaiting, version: addon.version(), wait };
