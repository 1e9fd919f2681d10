import JSON

extension JSONValue {
    /// The names of an object's members.
    var names: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.names)
    }

    var text: String { String(decoding: serialized, as: UTF8.self) }
}
