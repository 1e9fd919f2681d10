import TestSupport
import Testing

import Tokenizer

@Suite struct SpecialTokenSplitterTests {
    /// One pass over the text for each token, longest first.
    private func literal(_ text: [UInt8], _ vocabulary: Vocabulary, withControl: Bool) -> [SpecialTokenSplitter.Match] {
        let sought = (0..<TokenID(vocabulary.count)).filter { id in
            switch vocabulary.kind(id) {
            case .userDefined: true
            case .control, .unknown: withControl
            default: false
            }
        }
        let order = sought.sorted { a, b in
            let (x, y) = (vocabulary.text(a).count, vocabulary.text(b).count)
            return x != y ? x > y : a < b
        }
        var raw = [0..<text.count]
        var found: [SpecialTokenSplitter.Match] = []
        for id in order {
            let token = Array(vocabulary.text(id))
            guard !token.isEmpty else { continue }
            var left: [Range<Int>] = []
            for var range in raw {
                var position = range.lowerBound
                while position + token.count <= range.upperBound {
                    let end = position + token.count
                    guard Array(text[position..<end]) == token else {
                        position += 1
                        continue
                    }
                    found.append(.init(start: position, end: end, token: id))
                    left.append(range.lowerBound..<position)
                    range = end..<range.upperBound
                    position = end
                }
                left.append(range)
            }
            raw = left.filter { !$0.isEmpty }
        }
        return found.sorted { $0.start < $1.start }
    }

    @Test(arguments: 0..<300) func `finds what one pass for each token finds`(seed: Int) throws {
        var random = SplitMix(UInt64(seed))
        let letters = Array("abc".utf8.prefix(Int.random(in: 1...3, using: &random)))
        func text(_ lengths: ClosedRange<Int>) -> [UInt8] {
            (0..<Int.random(in: lengths, using: &random)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &random)]
            }
        }
        var tiny = TinyVocabulary()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let token = text(0...7)
            let kinds: [TokenKind] = [.userDefined, .control, .unknown, .normal]
            guard !tiny.texts.contains(token) else { continue }
            tiny.add(token, 0, kinds[Int.random(in: 0..<4, using: &random)].rawValue)
        }
        let vocabulary = try tiny.vocabulary()
        for withControl in [false, true] {
            let splitter = SpecialTokenSplitter(vocabulary, withControl: withControl)
            for _ in 0..<20 {
                let text = text(0...60)
                #expect(splitter.matches(in: text.span) == literal(text, vocabulary, withControl: withControl))
            }
        }
    }

    @Test func `runs of newlines are taken longest first`() throws {
        var tiny = TinyVocabulary()
        for length in 1...4 { tiny.add([UInt8](repeating: 0x0A, count: length), 0, TokenKind.userDefined.rawValue) }
        #expect(try tiny.tokenizer().encode(utf8: [UInt8](repeating: 0x0A, count: 11)) == [259, 259, 258])
    }
}
