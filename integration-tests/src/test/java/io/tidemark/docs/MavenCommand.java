// SPDX-License-Identifier: Apache-2.0
package io.tidemark.docs;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a {@code mvn} command of a page names: modules, profiles and tests. */
final class MavenCommand {

    private static final Pattern TESTS = Pattern.compile("-D(?:it\\.)?test=(.*)");
    private static final Pattern PROFILE = Pattern.compile("<id>([a-z-]+)</id>");

    private final Set<String> testClasses = new TreeSet<>();
    private final Set<String> profiles = new TreeSet<>();

    MavenCommand() throws IOException {
        for (Path source : Repository.files(Set.of("java"))) {
            testClasses.add(String.valueOf(source.getFileName()).replace(".java", ""));
        }
        for (Path pom : Repository.files(Set.of("xml"))) {
            if (pom.endsWith("pom.xml")) {
                Matcher profile = PROFILE.matcher(Files.readString(pom));
                while (profile.find()) {
                    profiles.add(profile.group(1));
                }
            }
        }
    }

    /** What these arguments name and the repository does not have. */
    List<String> unknown(List<String> arguments) {
        List<String> unknown = new ArrayList<>();
        for (int i = 0; i < arguments.size(); i++) {
            String argument = arguments.get(i);
            Matcher tests = TESTS.matcher(argument);
            if (argument.equals("-pl")) {
                for (String module : arguments.get(i + 1).replace("!", "").split(",", -1)) {
                    if (!Files.isRegularFile(Repository.ROOT.resolve(module).resolve("pom.xml"))) {
                        unknown.add("module " + module);
                    }
                }
            } else if (argument.startsWith("-P") && !profiles.contains(argument.substring(2))) {
                unknown.add("profile " + argument.substring(2));
            } else if (tests.matches() && !tests.group(1).equals("NONE")) {
                for (String test : tests.group(1).split(",", -1)) {
                    if (!hasTest(test)) {
                        unknown.add("test " + test);
                    }
                }
            }
        }
        return unknown;
    }

    private boolean hasTest(String pattern) {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern.split("#", 2)[0]);
        return testClasses.stream().anyMatch(test -> matcher.matches(Path.of(test)));
    }
}
