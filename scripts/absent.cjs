// In place of a package that is asked for and never used.
module.exports = {};
