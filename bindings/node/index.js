// The package, for `require`. What each part is stands in its file under lib/, and what each thing does in index.d.ts.

'use strict';

const { open, Larder, Connection } = require('./lib/larder.js');
const { Client, createClient } = require('./lib/client.js');
const { Subscription } = require('./lib/subscription.js');
const { LarderError, ReplyError } = require('./lib/errors.js');
const { version } = require('./lib/native.js');

module.exports = { open, createClient, Larder, Connection, Client, Subscription, LarderError, ReplyError, version };
