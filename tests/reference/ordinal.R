# Reproduces ordinal.json. Run in this folder: Rscript ordinal.R
# Versions used: R 4.2.2, lavaan 0.6-14.
suppressMessages({library(lavaan); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
sim <- read.csv("data/sim52_full.csv")
sim <- sim[grep("^C[0-9]_", names(sim))]
vech <- function(m) as.numeric(m[lower.tri(m)])
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)
correlations <- function(x, ...) vech(lavCor(x, ordered = names(x), output = "cor", ...))
thresholds <- function(x, ...) as.list(unclass(lavCor(x, ordered = names(x), output = "th", ...)))

mixed <- bfi[c("A2", "A3", "C1", "E4", "N2")]
mixed$N2 <- ifelse(mixed$N2 > 3, 1, 0)
mixed$E4 <- pmin(mixed$E4, 4)
gamma <- function(missing) {
  fit <- cfa(paste("f =~", paste(names(mixed), collapse = "+")), mixed, ordered = names(mixed),
             estimator = "WLSMV", missing = missing)
  g <- unclass(lavInspect(fit, "gamma"))
  list(names = colnames(g), lower = g[lower.tri(g, diag = TRUE)])
}

cells <- matrix(c(12, 3, 0, 0, 5, 20, 6, 0, 0, 7, 25, 4, 0, 0, 3, 15), 4, byrow = TRUE)
at <- which(cells > 0, arr.ind = TRUE)
sparse <- as.data.frame(at[rep(seq_len(nrow(at)), cells[at]), ])
names(sparse) <- c("a", "b")
fourfold <- data.frame(a = rep(c(0, 0, 1), c(30, 12, 18)), b = rep(c(0, 1, 1), c(30, 12, 18)))

lower <- "lower triangle, column by column"
results <- list(
  polychoric_bfi = entry("bfi, columns 1-25, complete rows", "lavCor(x, ordered = names(x), output = 'cor')",
                         correlations(na.omit(bfi)), lower),
  thresholds_bfi = entry("bfi, columns 1-25, complete rows", "lavCor(x, ordered = names(x), output = 'th')",
                         thresholds(na.omit(bfi))),
  polychoric_bfi_pairwise = entry("bfi, columns 1-25",
                                  "lavCor(x, ordered = names(x), missing = 'pairwise', output = 'cor')",
                                  correlations(bfi, missing = "pairwise"), lower),
  thresholds_bfi_pairwise = entry("bfi, columns 1-25",
                                  "lavCor(x, ordered = names(x), missing = 'pairwise', output = 'th')",
                                  thresholds(bfi, missing = "pairwise")),
  polychoric_sim52 = entry("sim52_full, 52 items", "lavCor(x, ordered = names(x), output = 'cor')",
                           correlations(sim), lower),
  polychoric_sparse = entry("4 x 4 table in the script", "lavCor(sparse, ordered = c('a', 'b'))[1, 2]",
                            lavCor(sparse, ordered = c("a", "b"))[1, 2]),
  tetrachoric_empty_cell = entry("2 x 2 table 30 12 / 0 18", "lavCor(fourfold, ordered = c('a', 'b'))[1, 2]",
                                 suppressWarnings(lavCor(fourfold, ordered = c("a", "b"))[1, 2])),
  gamma_mixed = entry("bfi A2 A3 C1, E4 cut to 4 categories, N2 cut at 3; complete rows",
                      "lavInspect(cfa(..., estimator = 'WLSMV'), 'gamma')", gamma("listwise"), lower),
  gamma_mixed_pairwise = entry("as gamma_mixed, with missing responses",
                               "lavInspect(cfa(..., estimator = 'WLSMV', missing = 'pairwise'), 'gamma')",
                               gamma("pairwise"), lower)
)
meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")))
write_json(list(meta = meta, results = results), "ordinal.json", digits = NA, auto_unbox = TRUE, pretty = FALSE)
