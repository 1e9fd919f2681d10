import Engine
import Testing

@Suite struct StopMatcherTests {
    private func run(_ stops: [String], _ pieces: [String]) -> (shown: [String], match: String?) {
        var matcher = StopMatcher(stops)
        var shown = pieces.map { matcher.append($0) }
        shown.append(matcher.finish())
        return (shown, matcher.match)
    }

    @Test func aStopMaySpanPieces() {
        let result = run(["END"], ["one E", "N", "D two"])
        #expect(result.shown == ["one ", "", "", ""] && result.match == "END")
    }

    @Test func whatOnlyLooksLikeAStopIsShownLater() {
        let result = run(["END"], ["one E", "N", "O"])
        #expect(result.shown == ["one ", "", "ENO", ""] && result.match == nil)
    }

    @Test func whatIsHeldAtTheEndIsShown() {
        #expect(run(["\n\n"], ["a\n"]).shown == ["a", "\n"])
    }

    @Test func theFirstStopInTheTextWins() {
        let result = run(["later", "so"], ["not so later"])
        #expect(result.shown[0] == "not " && result.match == "so")
    }

    @Test func overlappingBeginnings() {
        #expect(run(["aab"], ["a", "a", "a", "b"]).shown.joined() == "a")
        #expect(run(["aab"], ["a", "a", "a", "a"]).shown.joined() == "aaaa")
    }

    @Test func charactersOfManyBytes() {
        let result = run(["é🙂"], ["caf", "é", "🙂", "!"])
        #expect(result.shown.joined() == "caf" && result.match == "é🙂")
        #expect(run(["é🙂"], ["é", "é"]).shown.joined() == "éé")
    }

    @Test func emptyStopsAreNone() {
        #expect(run([""], ["a", "b"]).shown == ["a", "b", ""])
    }
}
