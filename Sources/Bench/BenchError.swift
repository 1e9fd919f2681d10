/// What keeps a bench from being run as asked.
package enum BenchError: Error, Equatable, Sendable, CustomStringConvertible {
    case list(flag: String, value: String, allowed: String)
    case outOfRange(flag: String, value: String, allowed: String)
    case noTests
    case contextTooShort(test: String, model: String, needed: Int, context: Int)

    package var description: String {
        switch self {
        case .list(let flag, let value, let allowed):
            "\(flag) \(value): this is not a list of \(allowed). Write values as 1,2,4, ranges as 1-8, 1-8+2 or 1-64*2."
        case .outOfRange(let flag, let value, let allowed):
            "\(flag) \(value): \(allowed) is possible."
        case .noTests:
            "there is nothing to measure: -p, -n and -pg are all 0. Give one of them a number of tokens."
        case .contextTooShort(let test, let model, let needed, let context):
            """
            \(test) takes \(needed) positions, and the context of \(model) has \(context). \
            Ask for fewer tokens (-p, -n, -pg) or a smaller depth (-d).
            """
        }
    }
}
