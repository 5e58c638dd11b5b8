// The package as it lies in this repository. A program of yours says `import { open } from 'larder'`.

export { createClient, open } from '../../../bindings/node/index.mjs';
