/** The command line. Exit codes: 0 fine, 1 findings or failure, 2 could not run, 3 timeout. */
@NullMarked
package io.tidemark.relay.cli;

import org.jspecify.annotations.NullMarked;
