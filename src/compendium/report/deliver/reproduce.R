# The main analyses once more in R, from the prepared answers: each value beside the one that the study printed.
#
#   Rscript reproduce.R [FOLDER OF THE DATA]
#
# The folder holds answers.csv, items.csv and, where they were collected, scores.csv, outcome_scores.csv and
# peer_scores.csv; beside this script lie expected.csv and the folder models. Needs lavaan and psych; mirt where it is
# installed. Ends with status 1 when a value lies beyond its tolerance.

suppressPackageStartupMessages({
  library(lavaan)
  library(psych)
})

script <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
home <- if (length(script)) dirname(normalizePath(script)) else "."
given <- commandArgs(TRUE)
folder <- if (length(given)) given[1] else home

read_table <- function(name) {
  path <- file.path(folder, paste0(name, ".csv"))
  if (file.exists(path)) read.csv(path, check.names = FALSE, stringsAsFactors = FALSE) else NULL
}

expected <- read.csv(file.path(home, "expected.csv"), stringsAsFactors = FALSE)
items <- read_table("items")
answers <- read_table("answers")
scores <- read_table("scores")
outcome_scores <- read_table("outcome_scores")
peer_scores <- read_table("peer_scores")
items$kept <- as.character(items$kept) %in% c("True", "TRUE")
kept <- items$item[items$kept]
of_competency <- function(name) items$item[items$kept & items$competency == name]

# Coefficient alpha of the people who answered every item of a competency.
alpha_of <- function(name) {
  complete <- na.omit(answers[of_competency(name)])
  suppressWarnings(psych::alpha(complete, warnings = FALSE)$total$raw_alpha)
}

# Kaiser-Meyer-Olkin measure of the pairwise correlations.
kmo_of <- function(name) psych::KMO(cor(answers[kept], use = "pairwise.complete.obs"))$MSA

# Spearman's rho of a competency score and an outcome score.
spearman_of <- function(name) {
  pair <- strsplit(name, " with ", fixed = TRUE)[[1]]
  both <- merge(scores[c("person_id", pair[1])], outcome_scores[c("person_id", pair[2])], by = "person_id", suffixes = c("", ".o"))
  cor(both[[2]], both[[3]], method = "spearman", use = "complete.obs")
}

# ICC(1) of the peers of a person by analysis of variance, with the exact number of raters in effect.
icc1_of <- function(name) {
  rated <- na.omit(data.frame(person = factor(peer_scores$person_id), score = peer_scores[[name]]))
  rated$person <- droplevels(rated$person)
  squares <- anova(lm(score ~ person, rated))$`Mean Sq`
  n <- as.numeric(table(rated$person))
  effect <- (sum(n) - sum(n^2) / sum(n)) / (length(n) - 1)
  (squares[1] - squares[2]) / (squares[1] + (effect - 1) * squares[2])
}

# A rival model in lavaan, fitted once.
fits <- list()
fit_of <- function(name) {
  if (is.null(fits[[name]])) {
    model <- paste(readLines(file.path(home, "models", paste0(name, ".lav"))), collapse = "\n")
    used <- intersect(kept, lavNames(model, "ov"))
    fits[[name]] <<- suppressWarnings(cfa(model, answers[used], ordered = used, estimator = "WLSMV", missing = "pairwise"))
  }
  fits[[name]]
}
measure_of <- function(measure) function(name) unname(fitMeasures(fit_of(name), measure))

# Share of the variance that exploratory factors account for: minimum residuals of polychoric correlations.
factored <- NULL
explained_of <- function(name) {
  if (is.null(factored)) {
    polychoric <- lavCor(answers[kept], ordered = kept, missing = "pairwise", output = "cor")
    factored <<- suppressWarnings(psych::fa(unclass(polychoric), as.integer(name), n.obs = nrow(answers), fm = "minres", rotate = "none"))
  }
  sum(factored$communality) / length(kept)
}

# Discrimination of an item in the graded response model of its competency.
graded <- list()
discrimination_of <- function(name) {
  competency <- items$competency[items$item == name]
  if (is.null(graded[[competency]])) {
    used <- answers[items$item[items$competency == competency]]
    used <- used[rowSums(!is.na(used)) > 0, ]
    model <- mirt::mirt(used, 1, itemtype = "graded", quadpts = 61, verbose = FALSE)
    graded[[competency]] <<- mirt::coef(model, simplify = TRUE)$items
  }
  unname(graded[[competency]][name, "a1"])
}

how <- list(
  alpha = alpha_of, kmo = kmo_of, spearman = spearman_of, icc1 = icc1_of, variance_explained = explained_of,
  chi_square_scaled = measure_of("chisq.scaled"), df = measure_of("df.scaled"), cfi_scaled = measure_of("cfi.scaled"),
  chi_square = measure_of("chisq"), cfi_naive = measure_of("cfi"), rmsea_naive = measure_of("rmsea"),
  rmsea_scaled = measure_of("rmsea.scaled"), srmr = measure_of("srmr"), discrimination = discrimination_of
)

beyond <- 0
skipped <- 0
cat(sprintf("%-20s %-44s %14s %14s %12s\n", "quantity", "of", "R", "expected", "difference"))
for (row in seq_len(nrow(expected))) {
  this <- expected[row, ]
  if (this$quantity == "discrimination" && !requireNamespace("mirt", quietly = TRUE)) {
    skipped <- skipped + 1
    next
  }
  value <- tryCatch(how[[this$quantity]](this$of), error = function(problem) {
    message(this$quantity, " of ", this$of, ": ", conditionMessage(problem))
    NA_real_
  })
  difference <- value - this$expected
  fine <- is.finite(difference) && abs(difference) <= this$tolerance
  if (!fine) beyond <- beyond + 1
  cat(sprintf(
    "%-20s %-44s %14.6f %14.6f %12.2e%s\n",
    this$quantity, this$of, value, this$expected, difference, if (fine) "" else "   BEYOND THE TOLERANCE"
  ))
}
cat(sprintf(
  "%d of %d values within their tolerance%s.\n", nrow(expected) - skipped - beyond, nrow(expected) - skipped,
  if (skipped) paste0("; ", skipped, " skipped, because mirt is not installed") else ""
))
cat(sprintf("%s, lavaan %s, psych %s\n", R.version.string, packageVersion("lavaan"), packageVersion("psych")))
if (beyond > 0) quit(status = 1)
