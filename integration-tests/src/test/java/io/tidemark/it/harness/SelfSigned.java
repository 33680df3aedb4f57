// SPDX-License-Identifier: Apache-2.0
package io.tidemark.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A self-signed certificate for localhost and 127.0.0.1, created with the JDK.
 *
 * @param keyStore PKCS#12, with the key
 */
public record SelfSigned(Path keyStore) {

    /** The password of the key store and of its key. */
    public static final String PASSWORD = "changeit";

    private static final String ALIAS = "server";

    /** Creates a certificate in this directory. */
    public static SelfSigned in(Path dir) throws IOException, InterruptedException {
        return in(dir, PASSWORD);
    }

    /** The same with another password. The methods below cannot open it. */
    public static SelfSigned in(Path dir, String password) throws IOException, InterruptedException {
        Path keyStore = Files.createDirectories(dir).resolve("keystore");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                keyStore.toString(),
                "-storepass",
                password);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return new SelfSigned(keyStore);
    }

    private KeyStore read() throws GeneralSecurityException, IOException {
        return KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
    }

    /** The certificate for clients to trust, in a file beside the key store. */
    public Path certificateFile() throws GeneralSecurityException, IOException {
        return Files.writeString(keyStore.resolveSibling("ca.pem"), certificatePem());
    }

    /** The path of a file beside the key store. */
    public Path keyFile() throws GeneralSecurityException, IOException {
        return Files.writeString(keyStore.resolveSibling("key.pem"), keyPem());
    }

    /** PKCS#12 with this certificate but without the key, beside the key store: for a server that must trust it. */
    public Path trustStore() throws GeneralSecurityException, IOException {
        Path file = keyStore.resolveSibling("truststore");
        try (OutputStream out = Files.newOutputStream(file)) {
            trustingStore().store(out, PASSWORD.toCharArray());
        }
        return file;
    }

    private KeyStore trustingStore() throws GeneralSecurityException, IOException {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry(ALIAS, read().getCertificate(ALIAS));
        return trusted;
    }

    public String certificatePem() throws GeneralSecurityException, IOException {
        return pem("CERTIFICATE", read().getCertificate(ALIAS).getEncoded());
    }

    public String keyPem() throws GeneralSecurityException, IOException {
        return pem("PRIVATE KEY", read().getKey(ALIAS, PASSWORD.toCharArray()).getEncoded());
    }

    private static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(der)
                + "\n-----END " + type + "-----\n";
    }

    /** The context of a client that trusts only this certificate. */
    public SSLContext trustingIt() throws GeneralSecurityException, IOException {
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trustingStore());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
