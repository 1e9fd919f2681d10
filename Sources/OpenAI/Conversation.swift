import Engine
import JSON

/// The messages of a chat request.
enum Conversation {
    /// Most messages.
    static let maxCount = 4096

    /// Throws: `APIError` naming the message and the member at fault.
    static func read(_ fields: Fields) throws(APIError) -> [ChatMessage] {
        guard let value = fields["messages"] else { throw fields.missing("messages") }
        guard case .array(let elements) = value else {
            throw fields.wrongType("messages", value, expected: "an array of messages")
        }
        guard (1...maxCount).contains(elements.count) else {
            throw fields.wrong("messages", "has \(elements.count) messages, where 1 to \(maxCount) are possible.")
        }
        var messages: [ChatMessage] = []
        for (index, element) in elements.enumerated() {
            messages.append(try message(try Fields(element, path: "messages[\(index)]")))
        }
        return messages
    }

    private static func message(_ fields: Fields) throws(APIError) -> ChatMessage {
        let role = try role(fields)
        for name in ["tool_calls", "function_call", "audio", "tool_call_id"] {
            if let value = fields[name], value != [] {
                throw fields.wrong(name, "is not supported: the model takes text only. Leave it out.")
            }
        }
        return ChatMessage(role, try text(fields))
    }

    private static func role(_ fields: Fields) throws(APIError) -> ChatMessage.Role {
        guard let name = try fields.string("role") else { throw fields.missing("role") }
        switch name {
        case "system", "developer": return .system
        case "user": return .user
        case "assistant", "model": return .assistant
        case "tool", "function":
            throw fields.wrong("role", "is \(name), and tools are not supported. Give results as a user's text.")
        default:
            throw fields.wrong(
                "role", "is \(APIError.shown(name)), where system, developer, user or assistant is possible.")
        }
    }

    /// A string, or text parts, which line breaks join.
    private static func text(_ fields: Fields) throws(APIError) -> String {
        guard let content = fields["content"] else { throw fields.missing("content") }
        if let text = content.string { return text }
        guard case .array(let parts) = content else {
            throw fields.wrongType("content", content, expected: "a string or an array of text parts")
        }
        guard !parts.isEmpty else {
            throw fields.wrong("content", "is empty, where a string or text parts are expected.")
        }
        var texts: [String] = []
        for (index, part) in parts.enumerated() {
            let part = try Fields(part, path: fields.parameter("content[\(index)]"))
            guard let type = try part.string("type") else { throw part.missing("type") }
            guard type == "text" else {
                throw part.wrong(
                    "type", "is \(APIError.shown(type)), and the model takes text only. Send parts of type text.")
            }
            guard let text = try part.string("text") else { throw part.missing("text") }
            texts.append(text)
        }
        return texts.joined(separator: "\n")
    }
}
