import ArgumentParser
import Engine
import Tokenizer

/// How tokens are chosen: the spellings and defaults that llama.cpp's users know.
struct SamplingFlags: ParsableArguments {
    @Option(name: .customLong("temp"), parsing: .unconditional, help: "Temperature; 0 takes the most probable token.")
    var temperature: Float = 0.8
    @Option(parsing: .unconditional, help: "Keep the k most probable tokens; 0 keeps all.")
    var topK = 40
    @Option(parsing: .unconditional, help: "Keep the smallest set with this probability; 1 keeps all.")
    var topP: Float = 0.95
    @Option(parsing: .unconditional, help: "Drop tokens below this part of the most probable one; 0 keeps all.")
    var minP: Float = 0.05
    @Option(
        name: [.customLong("typical"), .customLong("typical-p")], parsing: .unconditional,
        help: "Locally typical sampling; 1 is off.")
    var typical: Float = 1
    @Option(parsing: .unconditional, help: "Divide the logits of recent tokens by this; 1 is off.")
    var repeatPenalty: Float = 1
    @Option(parsing: .unconditional, help: "Subtract this from the logits of recent tokens.")
    var presencePenalty: Float = 0
    @Option(parsing: .unconditional, help: "Subtract this from the logits of recent tokens, for each time.")
    var frequencyPenalty: Float = 0
    @Option(parsing: .unconditional, help: "Tokens that the penalties look back at; -1 is all.")
    var repeatLastN = 64
    @Option(
        name: [.short, .long], parsing: .unconditional, help: "Seed of the random choice; -1 takes a new one each time."
    )
    var seed = Seed.random
    @Option(
        name: [.customShort("l"), .long], parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Add to the logit of a token: 15043+1, 2-inf. May be repeated.", valueName: "id(+/-)bias"))
    var logitBias: [LogitBias] = []

    var options: SamplingOptions {
        var o = SamplingOptions()
        o.temperature = temperature
        o.topK = topK
        o.topP = topP
        o.minP = minP
        o.typicalP = typical
        o.repeatPenalty = repeatPenalty
        o.presencePenalty = presencePenalty
        o.frequencyPenalty = frequencyPenalty
        o.repeatLastN = repeatLastN
        o.seed = seed.value
        for entry in logitBias { o.logitBias[entry.token] = entry.bias }
        return o
    }
}

/// A whole number from 0, or a negative one for a new seed each time.
struct Seed: ExpressibleByArgument {
    static let random = Seed(value: nil)
    let value: UInt64?

    private init(value: UInt64?) { self.value = value }

    init?(argument: String) {
        if let value = UInt64(argument) {
            self.value = value
        } else if let value = Int64(argument), value < 0 {
            self.value = nil
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { "-1" }
}

/// "15043+1.5" or "15043-inf".
struct LogitBias: ExpressibleByArgument {
    let token: TokenID
    let bias: Float

    init?(argument: String) {
        guard let sign = argument.firstIndex(where: { $0 == "+" || $0 == "-" }),
            let token = TokenID(argument[..<sign]), let bias = Float(argument[sign...]), !bias.isNaN
        else { return nil }
        self.token = token
        self.bias = bias
    }
}
