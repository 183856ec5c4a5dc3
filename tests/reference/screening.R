# Reproduces screening.json. Run in this folder: Rscript screening.R
# Versions used: R 4.2.2, lavaan 0.6-14. The entries of screening_careless.json come from the package careless 1.2.2
# on a newer R: careless::evenodd(x, factors = sizes of the scales), careless::longstring(x, avg = TRUE)$avgstr.
suppressMessages({library(lavaan); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
complete <- na.omit(bfi)
sim <- read.csv("data/sim52.csv")
full <- read.csv("data/sim52_full.csv")
full <- full[grep("^C[0-9]_", names(full))]
c1 <- grep("^C1_", names(sim), value = TRUE)
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

moments <- function(x) {
  h1 <- lavInspect(lavCor(x, missing = "ml", output = "fit"), "sampstat")
  list(mean = as.numeric(h1$mean), cov = unname(unclass(h1$cov)[, ]))
}
little <- function(x) {
  m <- moments(x)
  seen <- !is.na(x)
  x <- as.matrix(x)[rowSums(seen) > 0, ]
  seen <- seen[rowSums(seen) > 0, ]
  groups <- split(seq_len(nrow(x)), apply(seen, 1, paste, collapse = ""))
  one <- function(rows) {
    o <- seen[rows[1], ]
    away <- colMeans(x[rows, o, drop = FALSE]) - m$mean[o]
    length(rows) * sum(away * solve(m$cov[o, o], away))
  }
  df <- sum(sapply(groups, function(rows) sum(seen[rows[1], ]))) - ncol(x)
  statistic <- sum(sapply(groups, one))
  list(statistic = statistic, df = df, p = pchisq(statistic, df, lower.tail = FALSE), patterns = length(groups))
}
run <- function(v) max(rle(v)$lengths)
distance <- function(x) as.numeric(mahalanobis(x, colMeans(x), cov(x)))

results <- list(
  longstring_bfi = entry("bfi, complete rows", "apply(x, 1, function(v) max(rle(v)$lengths))", as.integer(apply(complete, 1, run))),
  variability_bfi = entry("bfi, complete rows", "apply(x, 1, sd)", as.numeric(apply(complete, 1, sd))),
  mahalanobis_bfi = entry("bfi, complete rows", "mahalanobis(x, colMeans(x), cov(x))", distance(complete)),
  mahalanobis_sim52 = entry("sim52_full", "mahalanobis(x, colMeans(x), cov(x))", distance(full)),
  little_bfi = entry("A1 to A5 of bfi", "little(x) of this script, moments of lavaan's EM", little(bfi[1:5])),
  little_c1 = entry("C1 of sim52", "little(x)", little(sim[c1])),
  little_c1_tenure = entry("C1 of sim52 and tenure", "little(x)", little(sim[c(c1, "tenure")]),
                           "missing depends on tenure by construction"),
  moments_c1 = entry("C1 of sim52", "lavaan::lavCor(x, missing = 'ml')", moments(sim[c1])),
  missing_bfi = entry("bfi", "table of is.na", list(patterns = nrow(unique(is.na(bfi))), complete = nrow(complete),
                                                   shares = as.list(colMeans(is.na(bfi)))))
)
meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")))
write_json(list(meta = meta, results = results), "screening.json", digits = 15, auto_unbox = TRUE)
