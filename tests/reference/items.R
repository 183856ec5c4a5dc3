# Reproduces items.json. Run in this folder: Rscript items.R
# Versions used: R 4.2.2, psych 2.2.9, polycor 0.8-1.
suppressMessages({library(psych); library(polycor); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
agree <- transform(bfi[1:5], A1 = 7 - A1)
complete <- na.omit(agree)
sim <- read.csv("data/sim52.csv")
c1 <- sim[grep("^C1_", names(sim))]
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

described <- function(x) as.list(describe(x, type = 3)[c("n", "mean", "sd", "skew", "kurtosis")])
statistics <- function(x) {
  a <- alpha(x, check.keys = FALSE)
  list(r_drop = a$item.stats$r.drop, raw_r = a$item.stats$raw.r, alpha_drop = a$alpha.drop$raw_alpha)
}
rest <- function(x, i) rowMeans(x[, -i])
by_item <- function(x, f) sapply(seq_along(x), function(i) f(rest(x, i), x[[i]]))
interval <- function(x) t(by_item(x, function(r, i) cor.test(r, i)$conf.int))
pairs <- function(x, m) { r <- cor(x, use = "pairwise", method = m); r[lower.tri(r)] }

key <- "A1 to A5 of bfi, A1 reversed"
results <- list(
  describe_agree = entry(key, "psych::describe(x, type = 3)", described(agree)),
  describe_c1 = entry("C1 of sim52", "psych::describe(x, type = 3)", described(c1)),
  alpha_agree = entry(key, "psych::alpha(x, check.keys = FALSE)", statistics(agree),
                      "pairwise covariances; raw_r is with the mean of the items answered"),
  alpha_agree_complete = entry(paste(key, "- complete rows"), "psych::alpha(x, check.keys = FALSE)", statistics(complete)),
  alpha_c1 = entry("C1 of sim52", "psych::alpha(x, check.keys = FALSE)", statistics(c1)),
  spearman_rest_agree = entry(paste(key, "- complete rows"), "cor(rest, item, method = 'spearman')",
                              by_item(complete, function(r, i) cor(r, i, method = "spearman"))),
  polyserial_rest_agree = entry(paste(key, "- complete rows"), "polycor::polyserial(rest, item, ML = FALSE)",
                                by_item(complete, function(r, i) polyserial(r, i, ML = FALSE)),
                                "polycor takes the item's sd with divisor n - 1 and corrects the product by sqrt((n - 1) / n)"),
  interval_agree = entry(paste(key, "- complete rows"), "cor.test(rest, item)$conf.int", interval(complete)),
  interval_agree_unkeyed = entry("A1 to A5 of bfi, complete rows", "cor.test(rest, item)$conf.int",
                                 interval(na.omit(bfi[1:5])), "A1 runs against its scale"),
  negative_items = entry("A1 to A5 of bfi", "names of psych::alpha(x, check.keys = TRUE)$keys below zero",
                         I(names(bfi)[1:5][suppressWarnings(unlist(alpha(bfi[1:5], check.keys = TRUE)$keys)) < 0]),
                         "psych reverses what correlates negatively with the first component"),
  spearman_pairs = entry("bfi, columns 1-25", "cor(x, use = 'pairwise', method = 'spearman')", pairs(bfi, "spearman"),
                         "lower triangle, column by column"),
  pearson_pairs = entry("bfi, columns 1-25", "cor(x, use = 'pairwise')", pairs(bfi, "pearson"),
                        "lower triangle, column by column")
)
meta <- list(R = R.version.string, psych = as.character(packageVersion("psych")), polycor = as.character(packageVersion("polycor")))
write_json(list(meta = meta, results = results), "items.json", digits = 15, auto_unbox = TRUE)
