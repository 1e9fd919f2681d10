import JSON

/// The members of an object in a request, read by name; a wrong type or value becomes an error that names the parameter.
///
/// A member that is null counts as missing.
struct Fields {
    private let members: JSONObject
    private let path: String

    /// Throws: `APIError` where `value` is no object.
    init(_ value: JSONValue, path: String = "") throws(APIError) {
        guard case .object(let members) = value else {
            let name = path.isEmpty ? "The body" : "`\(path)`"
            throw .invalid("\(name) is \(value.kind), where an object is expected.", param: path.isEmpty ? nil : path)
        }
        self.members = members
        self.path = path
    }

    subscript(name: String) -> JSONValue? {
        let value = members[name]
        return value == .null ? nil : value
    }

    /// In their order.
    var names: [String] { members.names.sorted() }

    /// The name of a member as clients see it.
    func parameter(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    func missing(_ name: String) -> APIError {
        .invalid("`\(parameter(name))` is missing, and it is required.", param: parameter(name))
    }

    func wrong(_ name: String, _ problem: String) -> APIError {
        .invalid("`\(parameter(name))` \(problem)", param: parameter(name))
    }

    func bool(_ name: String) throws(APIError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let flag) = value else { throw wrongType(name, value, expected: "a boolean") }
        return flag
    }

    func string(_ name: String) throws(APIError) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw wrongType(name, value, expected: "a string") }
        return text
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else { throw wrongType(name, value, expected: "a whole number") }
        guard let whole = value.wholeNumber, range.contains(whole) else {
            let given = value.wholeNumber.map { "\($0)" } ?? "\(number)"
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            throw wrong(name, "is \(given), where a whole number from \(bounds) is possible.")
        }
        return whole
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(APIError) -> Double? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else { throw wrongType(name, value, expected: "a number") }
        guard range.contains(number) else {
            throw wrong(name, "is \(number), where \(range.lowerBound) to \(range.upperBound) is possible.")
        }
        return number
    }

    /// The value of a parameter that has two names; an error where both are given and differ.
    func either<T: Equatable>(
        _ first: String, _ second: String, _ read: (String) throws(APIError) -> T?
    ) throws(APIError) -> T? {
        guard let value = try read(first) else { return try read(second) }
        if let other = try read(second), other != value {
            throw wrong(first, "and `\(parameter(second))` differ, and they mean the same. Send one of them.")
        }
        return value
    }

    func wrongType(_ name: String, _ value: JSONValue, expected: String) -> APIError {
        wrong(name, "is \(value.kind), where \(expected) is expected.")
    }
}
