import Engine
import Grammar
import JSON

/// Reads `response_format`, and `json_schema` as llama-server has it.
///
/// What the grammar does not understand is an error that names the keyword: an answer that is not held to what was asked
/// for would look as if it were.
enum ResponseFormat {
    /// nil where any text will do.
    ///
    /// Throws: `APIError` with the parameter at fault.
    static func constraint(_ fields: Fields, model: ServedModel) throws(APIError) -> Constraint? {
        guard let value = fields["response_format"] else { return nil }
        let format = try Fields(value, path: fields.parameter("response_format"))
        guard let type = try format.string("type") else { throw format.missing("type") }
        switch type {
        case "text": return nil
        case "json_object":
            // llama-server takes a schema here too
            if let schema = format["schema"] {
                return try constraint(.jsonSchema(schema), format.parameter("schema"), model)
            }
            return try constraint(.jsonObject, format.parameter("type"), model)
        case "json_schema":
            guard let value = format["json_schema"] else { throw format.missing("json_schema") }
            let named = try Fields(value, path: format.parameter("json_schema"))
            _ = try named.string("name")
            _ = try named.bool("strict")
            guard let schema = named["schema"] else { throw named.missing("schema") }
            return try constraint(.jsonSchema(schema), named.parameter("schema"), model)
        default:
            throw format.wrong(
                "type", "is \(APIError.shown(type)), where text, json_object or json_schema is possible.")
        }
    }

    /// The same where a request may give a schema as a parameter of its own.
    static func llamaConstraint(_ fields: Fields, model: ServedModel) throws(APIError) -> Constraint? {
        guard let schema = fields["json_schema"] else { return nil }
        guard fields["response_format"] == nil else {
            throw fields.wrong("json_schema", "and `response_format` mean the same. Send one of them.")
        }
        return try constraint(.jsonSchema(schema), fields.parameter("json_schema"), model)
    }

    private static func constraint(
        _ format: AnswerFormat, _ parameter: String, _ model: ServedModel
    ) throws(APIError) -> Constraint {
        do throws(GrammarError) {
            return try model.constraints.constraint(format)
        } catch {
            throw .invalid("\(error)", param: parameter)
        }
    }
}
