# Reproduces selection.json. Run in this folder: Rscript selection.R
# Versions used: R 4.2.2 (base and stats only).
library(jsonlite)
sim <- read.csv("data/sim52.csv")
items <- grep("^C[0-9]_", names(sim), value = TRUE)
x <- sim[items]
x$C1_02 <- x$C1_01
x$C1_02[c(3, 50, 120)] <- c(2, 4, 1)
scale_of <- substr(items, 1, 2)
# Means of the same answers tie only once rounding noise is removed.
tied <- function(x) if (is.data.frame(x)) x else signif(x, 12)
r <- function(a, b) cor(tied(a), tied(b), method = "spearman", use = "pairwise")
mean_of <- function(names) rowMeans(x[names], na.rm = TRUE)
total <- sapply(items, function(i) r(x[[i]], mean_of(items[scale_of == substr(i, 1, 2)])))
rest <- sapply(items, function(i) r(x[[i]], mean_of(setdiff(items[scale_of == substr(i, 1, 2)], i))))
inter <- r(x, x); diag(inter) <- NA
results <- list(
  screen = list(dataset = "sim52 with C1_02 replaced by C1_01 but for three rows", call = "see the script",
                value = list(item_total = total, item_rest = rest, highest = apply(inter, 1, max, na.rm = TRUE),
                             highest_with = items[apply(inter, 1, which.max)], pair = inter["C1_01", "C1_02"]), note = "Spearman, pairwise"))
write_json(list(meta = list(R = R.version.string), results = results), "selection.json", auto_unbox = TRUE, digits = 17)
