import BatchRunner
import Foundation
import JSON
import OpenAI
import Tokenizer

/// Overlapping parts of a long text.
enum DocumentWindows {
    /// Parts of about `tokens` tokens, each beginning about `overlap` tokens before the one before it ends.
    ///
    /// Parts begin and end at white space where there is some nearby, and never within a character; together they are
    /// the whole text.
    static func parts(of text: String, tokens: Int, overlap: Int, tokenizer: Tokenizer) -> [String] {
        precondition(tokens > overlap && overlap >= 0, "windows of \(tokens) tokens that overlap by \(overlap)")
        let bytes = Array(text.utf8)
        // where each token ends
        var ends: [Int] = []
        var piece: [UInt8] = []
        var end = 0
        for id in tokenizer.encode(text, addBOS: false) {
            piece.removeAll(keepingCapacity: true)
            tokenizer.appendPiece(id, showControl: true, to: &piece)
            end += piece.count
            ends.append(min(end, bytes.count))
        }
        guard ends.count > tokens else { return [text] }
        var parts: [String] = []
        var start = 0
        while true {
            let isLast = start + tokens >= ends.count
            let from = start == 0 ? 0 : boundary(bytes, near: ends[start - 1])
            let to = isLast ? bytes.count : boundary(bytes, near: ends[start + tokens - 1])
            parts.append(String(decoding: bytes[from..<max(from, to)], as: UTF8.self))
            if isLast { return parts }
            start += tokens - overlap
        }
    }

    /// The last white space at or before `offset`, within 64 bytes, else the beginning of a character.
    private static func boundary(_ bytes: [UInt8], near offset: Int) -> Int {
        for place in stride(from: offset, to: max(0, offset - 64), by: -1) where place < bytes.count {
            if bytes[place] == 0x20 || bytes[place] == 0x0A { return place }
        }
        var place = min(offset, bytes.count)
        while place > 0, place < bytes.count, bytes[place] & 0xC0 == 0x80 { place -= 1 }
        return place
    }
}

/// The text of a line that may be parted, and the line's body with a part in its place.
struct SplitText {
    let text: String
    /// Tokens to leave room for.
    let generatedTokens: Int
    let body: (_ part: String) -> Data

    /// nil where a line has no single long text: token ids, or several prompts.
    init?(_ line: BatchLine) throws(APIError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: Array(line.body), limit: .max)
        } catch {
            throw APIError(error)
        }
        guard case .object(let members) = value else { return nil }
        let most = members["max_completion_tokens"]?.wholeNumber ?? members["max_tokens"]?.wholeNumber
        switch line.endpoint {
        case .embeddings, .score: generatedTokens = 0
        case .completions: generatedTokens = most ?? 16
        case .chatCompletions: generatedTokens = most ?? 256
        }
        if let document = line.document {
            text = document.text
            body = document.body
            return
        }
        func replacing(_ name: String, _ value: JSONValue) -> Data {
            var changed = members
            changed[name] = value
            return Data(JSONValue.object(changed).serializedInOrder)
        }
        guard line.endpoint == .chatCompletions else {
            let name = line.endpoint == .embeddings ? "input" : "prompt"
            guard let text = members[name]?.string else { return nil }
            self.text = text
            body = { replacing(name, .string($0)) }
            return
        }
        guard case .array(let messages)? = members["messages"] else { return nil }
        let contents = messages.enumerated().compactMap { index, message in
            message["content"]?.string.map { (index, $0) }
        }
        guard let (index, text) = contents.max(by: { $0.1.utf8.count < $1.1.utf8.count }),
            case .object(var message) = messages[index]
        else { return nil }
        self.text = text
        body = { part in
            message["content"] = .string(part)
            var all = messages
            all[index] = .object(message)
            return replacing("messages", .array(all))
        }
    }
}
