import TestSupport

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A greedy continuation by llama.cpp. Its program ends the text with line breaks of its own.
struct GreedyGolden: Decodable {
    let prompt: String
    let completion: String

    static func load(_ format: String) throws -> [GreedyGolden] {
        let all = try JSONDecoder().decode(
            [String: [GreedyGolden]].self, from: try Fixtures.data("goldens/greedy.json"))
        return (all[format] ?? []).map { golden in
            var text = Substring(golden.completion)
            while text.hasSuffix("\n") { text = text.dropLast() }
            return GreedyGolden(prompt: golden.prompt, completion: String(text))
        }
    }
}
