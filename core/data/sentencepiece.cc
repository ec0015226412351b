/* SPDX-License-Identifier: MIT
 *
 * SentencePiece for C: see sentencepiece.h. The only C++ of the project.
 */
#include "core/data/sentencepiece.h"

#include <exception>
#include <memory>
#include <new>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

using sentencepiece::SentenceIterator;
using sentencepiece::SentencePieceProcessor;
using sentencepiece::SentencePieceTrainer;

struct gsc_sentencepiece {
    SentencePieceProcessor processor;
    std::vector<std::string> texts; /* of each id; empty for marks */
};

/* What the library writes for a blank. */
static const char blank_mark[] = "\xE2\x96\x81";

static std::string text_of(const SentencePieceProcessor &processor, int id) {
    if (processor.IsControl(id) || processor.IsUnknown(id) || processor.IsUnused(id)) {
        return std::string();
    }
    std::string piece = processor.IdToPiece(id);
    if (processor.IsByte(id)) { /* "<0x0A>" */
        return std::string(1, static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16)));
    }
    for (size_t at = piece.find(blank_mark); at != std::string::npos;
         at = piece.find(blank_mark, at + 1)) {
        piece.replace(at, sizeof blank_mark - 1, " ");
    }
    return piece;
}

gsc_status gsc_sentencepiece_new(const char *model, size_t size, const char *name,
                                 gsc_sentencepiece **ret_model, gsc_error *error) {
    try {
        auto made = std::make_unique<gsc_sentencepiece>();
        const auto status = made->processor.LoadFromSerializedProto(std::string(model, size));
        if (!status.ok()) {
            return gsc_fail(error, GSC_ERR_INPUT, "%s is no SentencePiece model: %s", name,
                            status.ToString().c_str());
        }
        for (int id = 0; id < made->processor.GetPieceSize(); id++) {
            made->texts.push_back(text_of(made->processor, id));
        }
        *ret_model = made.release();
        return GSC_OK;
    } catch (const std::exception &why) {
        return gsc_fail(error, GSC_ERR_MEMORY, "%s cannot be loaded: %s", name, why.what());
    }
}

void gsc_sentencepiece_free(gsc_sentencepiece *self) {
    delete self;
}

int gsc_sentencepiece_pieces(const gsc_sentencepiece *self) {
    return static_cast<int>(self->texts.size());
}

int gsc_sentencepiece_end(const gsc_sentencepiece *self) {
    return self->processor.eos_id();
}

int gsc_sentencepiece_piece_bytes(const gsc_sentencepiece *self, int id) {
    return static_cast<int>(self->texts[static_cast<size_t>(id)].size());
}

const char *gsc_sentencepiece_piece(const gsc_sentencepiece *self, int id, size_t *ret_size) {
    const std::string &text = self->texts[static_cast<size_t>(id)];
    *ret_size = text.size();
    return text.data();
}

gsc_status gsc_sentencepiece_encode(const gsc_sentencepiece *self, const char *text, size_t size,
                                    void (*add)(void *context, int id), void *context,
                                    gsc_error *error) {
    try {
        std::vector<int> ids;
        const auto status = self->processor.Encode({text, size}, &ids);
        if (!status.ok()) {
            return gsc_fail(error, GSC_ERR_SYSTEM,
                            "a text of %zu bytes cannot be cut into pieces: %s", size,
                            status.ToString().c_str());
        }
        for (int id : ids) {
            add(context, id);
        }
        return GSC_OK;
    } catch (const std::exception &why) {
        return gsc_fail(error, GSC_ERR_MEMORY, "a text of %zu bytes cannot be cut into pieces: %s",
                        size, why.what());
    }
}

namespace {

/* The caller's lines as the library wants them. */
class Lines : public SentenceIterator {
  public:
    using Source = bool (*)(void *context, const char **ret_line, size_t *ret_size);
    Lines(Source next, void *context) : next_(next), context_(context) {
        Next();
    }
    bool done() const override {
        return done_;
    }
    void Next() override {
        const char *line = nullptr;
        size_t size = 0;
        done_ = !next_(context_, &line, &size);
        value_.assign(done_ ? "" : line, done_ ? 0 : size);
    }
    const std::string &value() const override {
        return value_;
    }
    sentencepiece::util::Status status() const override {
        return {};
    }

  private:
    Source next_;
    void *context_;
    bool done_ = false;
    std::string value_;
};

} // namespace

gsc_status gsc_sentencepiece_train(
    bool (*next)(void *context, const char **ret_line, size_t *ret_size), int pieces,
    void (*take)(void *context, const char *bytes, size_t size), void *context, gsc_error *error) {
    try {
        /* No normalisation, no added or removed blanks: decoding gives the text back. The number
         * of threads decides the order of sums and with it the model: it is fixed. */
        const std::unordered_map<std::string, std::string> arguments = {
            {"model_type", "unigram"},
            {"vocab_size", std::to_string(pieces)},
            {"normalization_rule_name", "identity"},
            {"add_dummy_prefix", "false"},
            {"remove_extra_whitespaces", "false"},
            {"byte_fallback", "true"},
            {"split_digits", "true"},
            {"unk_id", "0"},
            {"eos_id", "1"},
            {"bos_id", "-1"},
            {"pad_id", "-1"},
            {"num_threads", "4"},
            {"seed_sentencepiece_size", "100000"},
            {"shrinking_factor", "0.5"},
            {"max_sentence_length", "65536"},
            {"minloglevel", "2"},
        };
        std::string model;
        Lines lines(next, context);
        const auto status = SentencePieceTrainer::Train(arguments, &lines, &model);
        if (!status.ok()) {
            /* The library says how many there can be, behind the place in its source. */
            const std::string why = status.ToString();
            const size_t most = why.rfind("<= ");
            if (most != std::string::npos) {
                return gsc_fail(error, GSC_ERR_INPUT,
                                "this corpus is too small for a tokenizer of %d pieces; it gives "
                                "%d at most: take fewer, or the tokenizer bytes",
                                pieces, std::atoi(why.c_str() + most + 3));
            }
            return gsc_fail(error, GSC_ERR_INPUT,
                            "no SentencePiece model of %d pieces can be trained on this corpus: %s",
                            pieces, why.c_str());
        }
        take(context, model.data(), model.size());
        return GSC_OK;
    } catch (const std::exception &why) {
        return gsc_fail(error, GSC_ERR_MEMORY,
                        "no SentencePiece model of %d pieces can be trained: %s", pieces,
                        why.what());
    }
}
