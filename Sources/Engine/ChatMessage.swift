/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable {
    public enum Role: String, Sendable, CaseIterable {
        /// What the model should heed in the whole conversation. Gemma has no such turn: see
        /// `ChatTemplate.conversation`.
        case system
        case user
        /// The model's own earlier replies.
        case assistant
    }

    public var role: Role
    public var text: String

    public init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }
}
