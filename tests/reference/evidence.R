# Reproduces evidence.json. Run in this folder: Rscript evidence.R
# Versions used: R 4.2.2, psych 2.2.9, vcd 1.4-11. AC1 and alpha are written out from their definitions in base R.
suppressMessages({library(psych); library(vcd); library(jsonlite)})

passes <- read.csv("data/evidence_passes.csv")
entry <- function(dataset, call, value, note = "") list(dataset = dataset, call = call, value = value, note = note)

ac1 <- function(x) {                       # Gwet 2008, two raters, two categories
  share <- mean(unlist(x))
  (mean(x[[1]] == x[[2]]) - 2 * share * (1 - share)) / (1 - 2 * share * (1 - share))
}
nominal_alpha <- function(x) {             # Krippendorff 2011, complete data, two coders
  n <- 2 * nrow(x); counts <- table(unlist(x))
  observed <- mean(x[[1]] != x[[2]])
  expected <- 1 - sum(counts * (counts - 1)) / (n * (n - 1))
  1 - observed / expected
}
figures <- function(x) {
  table2 <- table(factor(x$pass_1, 0:1), factor(x$pass_2, 0:1))
  share <- table2 / sum(table2)
  list(
    n = nrow(x), observed = sum(diag(share)),
    kappa = cohen.kappa(x)$kappa, kappa_error = sqrt(cohen.kappa(x)$var.kappa),
    kappa_vcd = unname(Kappa(table2)$Unweighted["value"]),
    ac1 = ac1(x), alpha = nominal_alpha(x),
    prevalence_index = abs(share[2, 2] - share[1, 1]), bias_index = abs(share[1, 2] - share[2, 1])
  )
}
results <- list()
for (stage in unique(passes$stage)) {
  x <- passes[passes$stage == stage, c("pass_1", "pass_2")]
  results[[stage]] <- entry(paste("screening decisions, stage", stage), "psych::cohen.kappa, vcd::Kappa, base R", figures(x))
}
meta <- list(R = R.version.string, psych = as.character(packageVersion("psych")), vcd = as.character(packageVersion("vcd")))
write(toJSON(list(meta = meta, results = results), auto_unbox = TRUE, digits = NA, null = "null"), "evidence.json")
