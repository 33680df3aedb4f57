// SPDX-License-Identifier: Apache-2.0
package io.tidemark.quickstart.stack;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;

/** The program of a {@link ChildJvm}: runs the named main class, and ends the process when standard input ends. */
final class ChildMain {

    private ChildMain() {}

    /** Standard input ends when the parent has ended for any reason. Then this process is not needed any more. */
    @SuppressWarnings("SystemExitOutsideMain") // the purpose of the thread
    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {
                // nothing is ever sent
            }
        } catch (IOException e) {
            System.err.println("the pipe from the parent process broke: " + e.getMessage());
        }
        System.exit(143);
    }

    public static void main(String[] args) throws Throwable {
        Thread watch = new Thread(ChildMain::endWithParent, "parent-watch");
        watch.setDaemon(true);
        watch.start();
        try {
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                    Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
