// SPDX-License-Identifier: Apache-2.0
package io.tidemark.relay.watermark;

import static org.assertj.core.api.Assertions.assertThat;

import io.tidemark.outbox.Lsn;
import io.tidemark.outbox.Token;
import io.tidemark.outbox.WatermarkStatus;
import io.tidemark.relay.source.SourceIdentity;
import io.tidemark.relay.timeline.JudgedToken;
import io.tidemark.relay.timeline.TimelineHistory;
import io.tidemark.relay.timeline.TokenVerdict;
import org.junit.jupiter.api.Test;

class ServedSourceTest {

    private static final String SHOP = "7f3a9c21";

    /** On timeline 4. Timeline 1 was left at 0/5000 for timeline 3; timeline 2 belonged to another server. */
    private final ServedSource source = new ServedSource(
            new SourceIdentity(SHOP, "system-1", "shop", 4), TimelineHistory.parse(4, "1\t0/5000\tx\n3\t0/7000\tx\n"));

    @Test
    void acceptsATokenOfThePresentTimelineUnchanged() {
        assertThat(judge(Token.of(SHOP, 4, Lsn.parse("0/9000")))).isEqualTo("up to 0/9000");
    }

    @Test
    void takesATokenOfAnAncestorUpToItsSwitchForOneOfThePresentTimeline() {
        assertThat(judge(Token.of(SHOP, 1, Lsn.parse("0/4000")))).isEqualTo("up to 0/4000");
        assertThat(judge(Token.of(SHOP, 1, Lsn.parse("0/5000")))).isEqualTo("up to 0/5000");
        assertThat(judge(Token.of(SHOP, 3, Lsn.parse("0/7000")))).isEqualTo("up to 0/7000");
    }

    @Test
    void callsATokenBeyondTheSwitchDiverged() {
        assertThat(judge(Token.of(SHOP, 1, Lsn.parse("0/5001"))))
                .contains("status=DIVERGED")
                .contains("timeline 1 at 0/5001", "at 0/5000", "is on timeline 4");
        assertThat(judge(Token.of(SHOP, 3, Lsn.parse("0/7001")))).contains("status=DIVERGED");
    }

    @Test
    void doesNotJudgeATokenOfATimelineItDoesNotComeFrom() {
        assertThat(judge(Token.of(SHOP, 2, Lsn.parse("0/1"))))
                .contains("status=EXPIRED")
                .contains("timeline 2");
        assertThat(judge(Token.of(SHOP, 5, Lsn.parse("0/1"))))
                .contains("status=UNKNOWN")
                .contains("timeline 5");
    }

    @Test
    void refusesATokenOfAnotherSource() {
        assertThat(judge(Token.of("00000000", 4, Lsn.parse("0/1")))).contains("status=FOREIGN");
    }

    @Test
    void wantsTheHighestOfSeveralParts() {
        Token merged = Token.of(SHOP, 1, Lsn.parse("0/5000"))
                .merge(Token.of(SHOP, 3, Lsn.parse("0/6000")))
                .merge(Token.of(SHOP, 4, Lsn.parse("0/5800")));

        assertThat(judge(merged)).isEqualTo("up to 0/6000");
    }

    @Test
    void refusesATokenOfWhichOnePartIsLost() {
        Token merged = Token.of(SHOP, 1, Lsn.parse("0/5001")).merge(Token.of(SHOP, 4, Lsn.parse("0/9000")));

        assertThat(judge(merged)).contains("status=DIVERGED");
    }

    /** The writes before the switch still exist, and the part also covered them. */
    @Test
    void cutsALostPartToWhereTheDatabaseLeftItsTimeline() {
        assertThat(source.judge(Token.of(SHOP, 1, Lsn.parse("0/5001"))).carryOn())
                .contains(Token.of(SHOP, 1, Lsn.parse("0/5000")));
    }

    @Test
    void carriesOnWithTheNewPartWhereTheOldOneWasLost() {
        Token fresh = Token.of(SHOP, 4, Lsn.parse("0/9000"));
        JudgedToken judged = source.judge(fresh.merge(Token.of(SHOP, 1, Lsn.parse("0/5001"))));

        assertThat(judged.carryOn()).contains(fresh);
        assertThat(judged.target()).contains(Lsn.parse("0/9000"));
        assertThat(source.judge(judged.carryOn().orElseThrow()).refusal()).isEmpty();
    }

    /** The lost part was higher than the new one: the LSN that it shares with this database counts. */
    @Test
    void carriesOnWithTheHighestOfWhatIsLeft() {
        Token merged = Token.of(SHOP, 3, Lsn.parse("0/7001")).merge(Token.of(SHOP, 1, Lsn.parse("0/4000")));

        assertThat(source.judge(merged).carryOn()).contains(Token.of(SHOP, 3, Lsn.parse("0/7000")));
    }

    @Test
    void leavesOutAnExpiredPartAndKeepsThoseThatOthersMayJudge() {
        Token expired = Token.of(SHOP, 2, Lsn.parse("0/1"));
        Token foreign = Token.of("00000000", 1, Lsn.parse("0/1"));
        Token younger = Token.of(SHOP, 5, Lsn.parse("0/9900"));
        Token fresh = Token.of(SHOP, 4, Lsn.parse("0/9000"));
        JudgedToken judged = source.judge(expired.merge(foreign).merge(younger).merge(fresh));

        assertThat(judged.carryOn()).contains(foreign.merge(younger).merge(fresh));
        assertThat(judged.refusal())
                .get()
                .extracting(TokenVerdict.Refused::status)
                .isEqualTo(WatermarkStatus.FOREIGN);
        assertThat(source.judge(expired).carryOn()).isEmpty();
    }

    @Test
    void onePartRepresentsAllPartsInTheHistory() {
        Token merged = Token.of(SHOP, 1, Lsn.parse("0/5000"))
                .merge(Token.of(SHOP, 3, Lsn.parse("0/6000")))
                .merge(Token.of(SHOP, 4, Lsn.parse("0/5800")));

        assertThat(source.judge(merged).carryOn()).contains(Token.of(SHOP, 3, Lsn.parse("0/6000")));
        assertThat(JudgedToken.carryOn(merged)).isEqualTo(Token.of(SHOP, 3, Lsn.parse("0/6000")));
    }

    private String judge(Token token) {
        JudgedToken judged = source.judge(token);
        return judged.refusal()
                .map(Object::toString)
                .orElseGet(() -> "up to " + judged.target().orElseThrow());
    }
}
