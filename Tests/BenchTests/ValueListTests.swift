import Bench
import Compute
import Testing

@Suite struct ValueListTests {
    @Test(
        arguments: [
            ("512", [512]), ("1,2,4", [1, 2, 4]), ("1-4", [1, 2, 3, 4]), ("1-8+3", [1, 4, 7]),
            ("1-64*2", [1, 2, 4, 8, 16, 32, 64]),
            ("5-5", [5]), ("0", [0]), ("1-2,16-64*4,3", [1, 2, 16, 64, 3]),
        ] as [(String, [Int])])
    func listsAndRangesAreRead(text: String, values: [Int]) throws {
        #expect(try ValueList.integers([text], flag: "-p", allowed: 0...1000) == values)
    }

    @Test func repeatedFlagsAreOneList() throws {
        #expect(try ValueList.integers(["1,2", "7"], flag: "-p", allowed: 0...9) == [1, 2, 7])
    }

    /// Steps that never end, empty parts, signs, other text, and more values than anyone means.
    @Test(arguments: [
        "", ",", "1,", "a", "-1", "1-", "8-1", "1-8+0", "1-8*1", "0-8*2", "1-8+", "1-8/2", "1 2", "1.5", "+3",
        "0-99999999", "1-9223372036854775807*3", "99999999999999999999",
    ])
    func otherTextIsRefusedWithTheFlag(text: String) {
        let error = #expect(throws: BenchError.self) {
            try ValueList.integers([text], flag: "-npl", allowed: 0...Int.max)
        }
        #expect(error?.description.hasPrefix("-npl \(text):") == true)
    }

    @Test func valuesOutOfRangeAreNamed() {
        let error = #expect(throws: BenchError.self) { try ValueList.integers(["1,0"], flag: "-t", allowed: 1...64) }
        #expect(error?.description == "-t 0: 1 to 64 is possible.")
    }

    @Test func pairsAreTwoNumbers() throws {
        let pairs = try ValueList.pairs(["512,128", "0,4"], flag: "-pg", allowed: 0...1000)
        #expect(pairs.map(\.0) == [512, 0] && pairs.map(\.1) == [128, 4])
        for text in ["512", "1,2,3", "a,1", "1,", "1,1001"] {
            #expect(throws: BenchError.self) { try ValueList.pairs([text], flag: "-pg", allowed: 0...1000) }
        }
    }

    @Test func namesAreOutOfAFixedSetInAnyCase() throws {
        #expect(try ValueList.names(["f32,F16"], flag: "-ctk", of: KVCache.Element.self) == [.f32, .f16])
        let error = #expect(throws: BenchError.self) {
            try ValueList.names(["f16,q9"], flag: "-ctk", of: KVCache.Element.self)
        }
        #expect(error?.description.contains("-ctk q9: a list of f16, q8_0, f32") == true)
    }
}
