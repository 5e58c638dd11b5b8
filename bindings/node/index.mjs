// The package, for `import`: the same objects as for `require`, so that there are never two of them.

import larder from './index.js';

export const {
  open, createClient, Larder, Connection, Client, Subscription, LarderError, ReplyError, version,
} = larder;
export default larder;
