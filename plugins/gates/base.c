/* SPDX-License-Identifier: MIT
 *
 * BASE gate: over the batch, each row gets one expert and each expert at most ceil(T / E) rows,
 * such that the sum of the z of the pairs is as large as can be; the weight is sigma(z). top_k is
 * not asked.
 *
 * The assignment is found by an auction: a row bids for the expert of its largest z_tj - price_j,
 * by what it would lose with its second choice plus a step; a full expert lets its lowest bidder
 * go, and its price is its lowest bid. The sum is at most T steps below the best. The step is
 * tolerance times the range of z. The choice passes no gradient; affinity sigma, slope e / (1 +
 * e)^2 with e = exp(-|z|).
 * Source: Lewis et al. 2021, arXiv 2103.16716, section 3; Bertsekas 1992 for the auction.
 */
#include <gatescope/plugin.h>

GSC_OWN_SOURCE;

enum {
    TOLERANCE
};

GSC_HOT static void affinity(const gsc_call *call, int64_t n, const real *z, real *ret_a) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_a[i] = (z[i] < 0 ? e : 1) / (1 + e);
    }
}

GSC_HOT static void affinity_slope(const gsc_call *call, int64_t n, const real *z,
                                   real *ret_slope) {
    (void)call;
    for (int64_t i = 0; i < n; i++) {
        const real e = gsc_exp(-gsc_abs(z[i]));
        ret_slope[i] = e / ((1 + e) * (1 + e));
    }
}

/* Places of the experts, and what is bid for each. */
typedef struct auction {
    int64_t experts, places, waiting;
    real step, *bid, *price; /* [E * places], [E] */
    int32_t *row;            /* [E * places], -1: free */
    int32_t *queue;          /* [T] rows without an expert, the last one next */
} auction;

static int64_t places_of(const gsc_call *call) {
    return (call->rows + call->experts - 1) / call->experts;
}

/* Row t takes a place of its favourite; who had it waits again. */
static void bid_for(auction *self, int32_t t, const real *z) {
    int64_t best = 0;
    real first = -INFINITY, second = -INFINITY;
    for (int64_t j = 0; j < self->experts; j++) {
        const real value = z[j] - self->price[j];
        best = value > first ? j : best;
        second = value > first ? first : value > second ? value : second;
        first = value > first ? value : first;
    }
    int32_t *rows = self->row + best * self->places;
    real *bids = self->bid + best * self->places;
    const real margin = second > -INFINITY ? first - second : 0;
    int64_t lowest = 0;
    for (int64_t i = 1; i < self->places && rows[lowest] >= 0; i++) {
        lowest = rows[i] < 0 || bids[i] < bids[lowest] ? i : lowest;
    }
    if (rows[lowest] >= 0) {
        self->queue[self->waiting++] = rows[lowest];
    }
    rows[lowest] = t;
    bids[lowest] = self->price[best] + margin + self->step;
    real price = bids[0];
    for (int64_t i = 0; i < self->places; i++) {
        price = rows[i] < 0 ? 0 : bids[i] < price ? bids[i] : price;
        if (rows[i] < 0) {
            break;
        }
    }
    self->price[best] = price;
}

static size_t select_scratch(const gsc_call *call) {
    const size_t places = (size_t)(call->experts * places_of(call));
    return (places + (size_t)call->experts) * sizeof(real) +
           (places + (size_t)call->rows) * sizeof(int32_t);
}

static void select_rows(const gsc_call *call, const real *z, const real *p, gsc_choice *ret_choice,
                        void *scratch) {
    (void)p;
    const int64_t rows = call->rows, experts = call->experts, places = places_of(call);
    auction self;
    real low = 0, high = 0;
    for (int64_t i = 0; i < rows * experts; i++) {
        low = i == 0 || z[i] < low ? z[i] : low;
        high = i == 0 || z[i] > high ? z[i] : high;
    }
    self.experts = experts;
    self.places = places;
    self.waiting = rows;
    self.step = (real)call->params[TOLERANCE] * (high > low ? high - low : 1);
    self.bid = (real *)scratch;
    self.price = self.bid + experts * places;
    self.row = (int32_t *)(self.price + experts);
    self.queue = self.row + experts * places;
    for (int64_t i = 0; i < experts * places; i++) {
        self.row[i] = -1;
        self.bid[i] = 0;
    }
    for (int64_t j = 0; j < experts; j++) {
        self.price[j] = 0;
    }
    for (int64_t t = 0; t < rows; t++) {
        self.queue[t] = (int32_t)(rows - 1 - t);
    }
    while (self.waiting > 0) {
        const int32_t t = self.queue[--self.waiting];
        bid_for(&self, t, z + t * experts);
    }
    for (int64_t t = 0; t <= rows; t++) {
        ret_choice->start[t] = t;
    }
    for (int64_t i = 0; i < experts * places; i++) {
        if (self.row[i] >= 0) {
            ret_choice->chosen[self.row[i]] = (int32_t)(i / places);
        }
    }
}

static int64_t max_chosen(const gsc_call *call) {
    (void)call;
    return 1;
}

static const gsc_param params[] = {
    {"tolerance", "step of a bid, of the range of the logits", NULL, GSC_PARAM_REAL, 1, 0.0001, 1,
     0.01},
};

static const char *const papers[] = {"arXiv:2103.16716", NULL};

static const gsc_gate gate = {
    .struct_size = sizeof(gsc_gate),
    .affinity_form = GSC_AFFINITY_VALUE,
    .combine_form = GSC_COMBINE_KEEP,
    .affinity = affinity,
    .affinity_slope = affinity_slope,
    .select = select_rows,
    .select_scratch = select_scratch,
    .max_chosen = max_chosen,
};

static const gsc_plugin plugin = {
    GSC_PLUGIN_HEAD(GSC_KIND_GATE),
    .id = "base",
    .version = "1.0.0",
    .title = "BASE",
    .formula = "p_j = sigma(z_j), one expert a row by the balanced assignment with the largest sum "
               "of z",
    .doc = "A linear assignment gives every expert the same number of tokens; looks at later "
           "tokens, so language models ask for consent and the theory lab refuses.",
    .papers = papers,
    GSC_PARAMS(params),
    .capabilities = GSC_CAP_WHOLE_BATCH | GSC_CAP_NOT_CAUSAL | GSC_CAP_NO_SUM |
                    GSC_CAP_CHOICE_DEFINED | GSC_CAP_IGNORES_BIAS,
    GSC_SOURCE,
    .gate = &gate,
};

const gsc_plugin *gatescope_plugin(void) {
    return &plugin;
}
