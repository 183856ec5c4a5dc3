# The levels of invariance in lavaan: Rscript invariance_agreement.R answers.csv model.json answer.json
# model.json: {"factors": {name: [items]}, "estimator": "WLSMV" or "MLR", "levels": {name: [equal parameters]}}
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
answers <- read.csv(arguments[1])
asked <- fromJSON(arguments[2], simplifyVector = TRUE)
items <- unlist(asked$factors, use.names = FALSE)
text <- paste(names(asked$factors), "=~", sapply(asked$factors, paste, collapse = "+"), collapse = "\n")
measures <- c(chi_square = "chisq", df = "df", chi_square_scaled = "chisq.scaled", cfi = "cfi", cfi_scaled = "cfi.scaled",
              rmsea = "rmsea", rmsea_scaled = "rmsea.scaled", srmr = "srmr")

# Identification as in Wu & Estabrook (2016), theta parameterisation; equalities one kind after the other.
ordered_fit <- function(equal) {
  arguments <- list(text, answers, ordered = items, parameterization = "theta", ID.fac = "std.lv",
                    ID.cat = "Wu.Estabrook.2016", group = "group")
  if (length(equal)) arguments$group.equal <- equal
  made <- as.character(do.call(measEq.syntax, arguments))
  cfa(made, answers, ordered = items, parameterization = "theta", group = "group", estimator = "WLSMV")
}
normal_fit <- function(equal) {
  cfa(text, answers, group = "group", estimator = "MLR", std.lv = TRUE, group.equal = if (length(equal)) equal else "")
}
fit <- if (asked$estimator == "WLSMV") ordered_fit else normal_fit
fits <- list(); rows <- list()
for (level in names(asked$levels)) {
  start <- proc.time()[["elapsed"]]
  fits[[level]] <- fit(unlist(asked$levels[[level]]))
  found <- setNames(as.list(fitMeasures(fits[[level]], measures)), names(measures))
  rows[[level]] <- c(found, seconds = proc.time()[["elapsed"]] - start)
  message(asked$estimator, " ", level, ": ", round(rows[[level]]$seconds), " seconds in R")
}
test <- do.call(lavTestLRT, unname(fits))
for (place in seq_along(rows)[-1]) {
  rows[[place]]$difference <- test[["Chisq diff"]][place]
  rows[[place]]$df_difference <- test[["Df diff"]][place]
}
write_json(rows, arguments[3], digits = NA, auto_unbox = TRUE)
