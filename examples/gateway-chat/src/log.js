// One line an event, for a person at a terminal: time, who, what. Trouble goes to standard error, so that
// `npm start 2>trouble.log` is a useful thing to write.

function line(who, what) {
  return `${new Date().toISOString().slice(11, 23)} ${who.padEnd(8)} ${what}\n`;
}

/** What happened, without the stack: that of an expected failure says nothing to an operator. */
export function reason(error) {
  if (error?.errors?.length) return error.errors.map(reason).join('; ');
  return error?.message || String(error);
}

export function logger(who) {
  return {
    info: (what) => process.stdout.write(line(who, what)),
    error: (what, error) => process.stderr.write(line(who, error ? `${what}: ${reason(error)}` : what)),
  };
}
