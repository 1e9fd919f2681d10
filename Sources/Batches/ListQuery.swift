package import JSON
package import OpenAI

/// Which part of a list a client wants.
package struct ListQuery: Sendable {
    private let after: ItemID?
    private let limit: Int
    private let isAscending: Bool

    /// - Parameter value: gives a parameter of the query.
    /// Throws: `APIError` with status 400.
    package init(
        _ kind: ItemID.Kind, limit most: Int, standard: Int, _ value: (String) -> String?
    ) throws(APIError) {
        if let text = value("limit") {
            guard let number = Int(text), (1...most).contains(number) else {
                throw .invalid(
                    "`limit` is \(APIError.shown(text)), where 1 to \(most) is possible.", param: "limit")
            }
            limit = number
        } else {
            limit = standard
        }
        switch value("order") {
        case nil, "desc": isAscending = false
        case "asc": isAscending = true
        case let text?:
            throw .invalid("`order` is \(APIError.shown(text)), where asc or desc is possible.", param: "order")
        }
        after = try value("after").map { text throws(APIError) in
            guard let id = ItemID(text, kind) else {
                throw .invalid("`after` is \(APIError.shown(text)), which is no id of this list.", param: "after")
            }
            return id
        }
    }

    /// The API's `list` object. What `after` names need not be there any more.
    package func page<Item>(_ items: [Item], id: (Item) -> ItemID, json: (Item) -> JSONValue) -> JSONValue {
        let sorted = items.sorted { isAscending ? id($0) < id($1) : id($0) > id($1) }
        let rest = sorted.filter { item in
            guard let after else { return true }
            return isAscending ? id(item) > after : id(item) < after
        }
        let page = rest.prefix(limit)
        return [
            "object": "list", "data": .array(page.map(json)), "has_more": .bool(page.count < rest.count),
            "first_id": JSONValue(page.first.map { id($0).description }),
            "last_id": JSONValue(page.last.map { id($0).description }),
        ]
    }
}
