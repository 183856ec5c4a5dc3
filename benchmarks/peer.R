# One job in R: Rscript peer.R task data.csv answer.json
suppressMessages({library(lavaan); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
items <- read.csv(arguments[2])
model <- paste(sapply(1:8, function(k) paste0("F", k, " =~ ", paste(grep(paste0("^C", k, "_"), names(items),
               value = TRUE), collapse = "+"))), collapse = "\n")

correlations <- function() {
  r <- lavCor(items, ordered = names(items), output = "cor")
  pairs <- which(upper.tri(r), arr.ind = TRUE)
  function() list(estimates = setNames(as.list(r[pairs]), paste0(names(items)[pairs[, 1]], "~~", names(items)[pairs[, 2]])))
}
factor_model <- function(...) {
  fit <- cfa(model, items, ...)
  measures <- fitMeasures(fit, c("chisq", "chisq.scaled"))
  rows <- subset(parameterEstimates(fit), op == "=~" & se > 0)
  names <- paste0(rows$lhs, "=~", rows$rhs)
  function() list(estimates = setNames(as.list(rows$est), names), errors = setNames(as.list(rows$se), names),
                  tests = as.list(unclass(measures)))
}
tasks <- list(
  polychoric = correlations,
  wlsmv = function() factor_model(ordered = names(items), estimator = "WLSMV"),
  mlr = function() factor_model(estimator = "MLR"),
  fiml = function() factor_model(estimator = "MLR", missing = "fiml"),
  # psych returns components and factors from one call; the result is random, so that there is nothing to compare.
  parallel = function() {
    suppressMessages(suppressWarnings(psych::fa.parallel(items, fa = "both", fm = "minres", cor = "poly", correct = 0,
                                                         n.iter = 5, plot = FALSE)))
    function() list()
  }
)
start <- proc.time()[["elapsed"]]
report <- tasks[[arguments[1]]]()
seconds <- proc.time()[["elapsed"]] - start
write_json(c(list(seconds = seconds), report()), arguments[3], digits = NA, auto_unbox = TRUE)
