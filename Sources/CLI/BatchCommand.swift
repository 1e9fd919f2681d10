public import ArgumentParser
public import Engine

/// `carat batch`: a file of requests, or a folder of documents, in; a file of results out.
struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Answer a file of requests or a folder of documents.",
        discussion: """
            The input is OpenAI's batch format, a request in each line; with --docs each text file is one. Every line \
            gets exactly one result, whatever happens on the way: run the same command again and it goes on where it \
            stopped. Lines that begin alike are run together, so that the beginning is computed once. Ctrl-C keeps \
            what is complete; a second one ends at once.
              carat batch -m gemma.gguf in.jsonl -o out.jsonl
              carat batch --docs texts --prompt-template ask.txt -n 200 -o out.jsonl
              carat batch -m gemma.gguf in.jsonl --shard 2/8 -o out-2.jsonl
            """)

    @OptionGroup var batch: BatchFlags
    @Option(help: "With --docs: what is asked for.")
    var endpoint = DocumentEndpoint.chat

    func validate() throws {
        try batch.check(endpoint)
    }

    func run() throws {
        try batch.run(documents: endpoint, embedding: EmbeddingOptions())
    }
}

/// `carat score`: log-probabilities of documents, or of given answers.
struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Log-probability and perplexity of documents, or of given answers.",
        discussion: """
            Runs as carat batch does. A line of the input has the url /v1/score and a body with a prompt, or with a \
            prompt and answers that are to follow it:
              {"custom_id": "1", "method": "POST", "url": "/v1/score",
               "body": {"prompt": "2 + 2 =", "answers": [" 4", " 5"]}}
            A result has the sum of ln p in "logprob", the scored tokens, and the perplexity; of answers, "best" is the \
            number of the most probable.
              carat score -m gemma.gguf --docs texts -o scores.jsonl
            """)

    @OptionGroup var batch: BatchFlags

    func validate() throws {
        try batch.check(.score)
    }

    func run() throws {
        try batch.run(documents: .score, embedding: EmbeddingOptions())
    }
}

/// `carat embed`: vectors of documents.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embeddings of documents.",
        discussion: """
            Runs as carat batch does; lines of the input have the url /v1/embeddings. Gemma was not trained for \
            embeddings: expect likeness of wording rather than of meaning.
              carat embed -m gemma.gguf --docs texts -o vectors.jsonl
            """)

    @OptionGroup var batch: BatchFlags
    @Option(help: "What stands for a text: the mean of its positions or the last one.")
    var pooling = EmbeddingOptions.Pooling.mean
    @Flag(inversion: .prefixedNo, help: "Scale vectors to length 1.")
    var normalize = true

    func validate() throws {
        try batch.check(.embeddings)
    }

    func run() throws {
        try batch.run(
            documents: .embeddings, embedding: EmbeddingOptions(pooling: pooling, isNormalized: normalize))
    }
}

extension EmbeddingOptions.Pooling: ExpressibleByArgument {}
