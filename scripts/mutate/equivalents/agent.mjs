// Changes in src/agent that no test can notice.
export const equivalents = [];
