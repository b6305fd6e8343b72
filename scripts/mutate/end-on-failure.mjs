// A property that fails has noticed the mutant. Nobody looks at its example, and to shrink that can take longer than a
// mutant may live.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
