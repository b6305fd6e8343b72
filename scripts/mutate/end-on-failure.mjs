// A property that fails has noticed the mutant: nobody looks at the example, and to shrink it can take longer than a
// mutant may live.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true });
