# Reproduces cfa.json. Run in this folder: Rscript cfa.R (about a quarter of an hour, most of it lavaan's
# full-information fit of the 52 items).
# Versions used: R 4.2.2, lavaan 0.6-14.
suppressMessages({library(lavaan); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")[, 1:25]
for (item in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) bfi[[item]] <- 7 - bfi[[item]]
sim <- read.csv("data/sim52_full.csv")
sim <- sim[grep("^C[0-9]_", names(sim))]
gaps <- read.csv("data/sim52.csv")[names(sim)]

syntax <- function(items, factors) {
  part <- paste(names(factors), "=~", sapply(factors, paste, collapse = "+"))
  all <- paste("g =~", paste(items, collapse = "+"))
  list(correlated = part, one = all, second_order = c(part, paste("g =~", paste(names(factors), collapse = "+"))),
       bifactor = c(all, part))
}
five <- sapply(c("A", "C", "E", "N", "O"), function(k) paste0(k, 1:5), simplify = FALSE)
names(five) <- paste0(names(five), "f")
eight <- split(names(sim), paste0("F", substr(names(sim), 1, 2)))
models <- list(bfi = syntax(names(bfi), five), sim52 = syntax(names(sim), eight))
data <- list(bfi = bfi, sim52 = sim, gaps = gaps)

keep <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea", "rmsea.ci.lower",
          "rmsea.ci.upper", "rmsea.pvalue", "srmr", "logl", "unrestricted.logl", "aic", "bic",
          "chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor", "baseline.chisq.scaled",
          "baseline.chisq.scaling.factor", "cfi.scaled", "tli.scaled", "rmsea.scaled", "rmsea.ci.lower.scaled",
          "rmsea.ci.upper.scaled", "rmsea.pvalue.scaled", "cfi.robust", "tli.robust", "rmsea.robust",
          "rmsea.ci.lower.robust", "rmsea.ci.upper.robust", "rmsea.pvalue.robust")
results <- list()
fits <- list()
record <- function(name, dataset, call, value, note = "") {
  results[[name]] <<- list(dataset = dataset, call = call, value = value, note = note)
}
flat <- function(x) lapply(as.list(as.data.frame(unclass(x))), function(column) if (is.factor(column)) as.character(column) else column)
describe <- function(name, source, form, ...) {
  arguments <- list(...)
  bifactor <- if (form == "bifactor") list(orthogonal = TRUE, std.lv = TRUE) else list()
  extra <- arguments$extra
  arguments$extra <- NULL
  categorical <- grepl("MV$", arguments$estimator)
  frame <- data[[source]]
  text <- models[[if (source == "gaps") "sim52" else source]][[form]]
  if (categorical) arguments$ordered <- names(frame)
  fit <- do.call("cfa", c(list(model = c(text, extra), data = frame), arguments, bifactor))
  measures <- fitMeasures(fit)
  # Item scales and means that are zero by definition are left out.
  real <- function(x) x[x$op != "~*~" & !(x$op == "~1" & x$se == 0), ]
  estimates <- real(parameterEstimates(fit, ci = FALSE)[c("lhs", "op", "rhs", "est", "se")])
  standard <- real(standardizedSolution(fit, zstat = FALSE, pvalue = FALSE))
  arguments$ordered <- if (categorical) "all"
  called <- paste0("cfa(", form, if (length(extra)) paste(" +", extra), ", ", deparse1(c(arguments, bifactor)), ")")
  record(name, source, called, list(nobs = nobs(fit), fit = as.list(measures[intersect(keep, names(measures))]),
                                    estimates = flat(estimates), standardised = flat(standard)))
  fits[[name]] <<- fit
  cat(name, format(Sys.time()), "\n")
}

for (form in names(models$bfi)) for (estimator in c("ML", "MLR", "WLSMV"))
  describe(paste("bfi", form, estimator, sep = "."), "bfi", form, estimator = estimator)
describe("bfi.correlated.ULSMV", "bfi", "correlated", estimator = "ULSMV")
describe("bfi.correlated.WLSMV_pairwise", "bfi", "correlated", estimator = "WLSMV", missing = "pairwise")
describe("bfi.correlated.ULSMV_pairwise", "bfi", "correlated", estimator = "ULSMV", missing = "pairwise")
describe("bfi.correlated.FIML_ML", "bfi", "correlated", estimator = "ML", missing = "fiml")
describe("bfi.correlated.FIML_MLR", "bfi", "correlated", estimator = "MLR", missing = "fiml")
describe("bfi.second_order.FIML_MLR", "bfi", "second_order", estimator = "MLR", missing = "fiml")
describe("bfi.bifactor.FIML_MLR", "bfi", "bifactor", estimator = "MLR", missing = "fiml")
describe("bfi.residuals.ML", "bfi", "correlated", estimator = "ML", extra = "N1 ~~ N2")
describe("bfi.residuals.WLSMV", "bfi", "correlated", estimator = "WLSMV", extra = "N1 ~~ N2")
describe("bfi.variance.MLR", "bfi", "correlated", estimator = "MLR", std.lv = TRUE)
describe("bfi.variance.WLSMV", "bfi", "correlated", estimator = "WLSMV", std.lv = TRUE)
describe("bfi.orthogonal.WLSMV", "bfi", "correlated", estimator = "WLSMV", orthogonal = TRUE)

compare <- function(name, one, other) {
  test <- lavTestLRT(fits[[one]], fits[[other]])
  record(name, "bfi", paste0("lavTestLRT(", one, ", ", other, ")"),
         list(statistic = test[2, "Chisq diff"], df = test[2, "Df diff"], p = test[2, "Pr(>Chisq)"]))
}
for (estimator in c("ML", "MLR", "WLSMV", "FIML_MLR")) {
  compare(paste0("compare.second_order.", estimator), paste0("bfi.correlated.", estimator),
          paste0("bfi.second_order.", estimator))
}
for (estimator in c("ML", "MLR", "WLSMV"))
  compare(paste0("compare.one.", estimator), paste0("bfi.correlated.", estimator), paste0("bfi.one.", estimator))
compare("compare.bifactor.WLSMV", "bfi.bifactor.WLSMV", "bfi.second_order.WLSMV")

for (name in c("bfi.correlated.ML", "bfi.correlated.MLR", "bfi.correlated.WLSMV", "bfi.correlated.ULSMV",
               "bfi.second_order.ML", "bfi.bifactor.WLSMV", "bfi.correlated.FIML_MLR")) {
  found <- modindices(fits[[name]])
  record(paste0("modification.", name), "bfi", paste0("modindices(", name, ")"),
         flat(found[c("lhs", "op", "rhs", "mi", "epc", "sepc.all")]))
}
for (name in c("bfi.correlated.ML", "bfi.correlated.WLSMV", "bfi.correlated.FIML_MLR")) {
  gap <- lavResiduals(fits[[name]], type = "cor.bollen", zstat = FALSE, summary = FALSE)$cov
  record(paste0("residuals.", name), "bfi", paste0("lavResiduals(", name, ", type = 'cor.bollen')$cov"),
         unclass(gap)[lower.tri(gap)], "lower triangle, column by column")
}
first <- na.omit(bfi)[1:400, ] # enough persons for every category of every item to occur
for (method in c("regression", "Bartlett"))
  record(paste0("scores.", method), "bfi", paste0("lavPredict(bfi.correlated.ML, method = '", method, "')[1:40, ]"),
         unclass(lavPredict(fits[["bfi.correlated.ML"]], method = method))[1:40, ])
record("scores.fiml", "bfi", "lavPredict(bfi.correlated.FIML_MLR)[1:60, ]",
       unclass(lavPredict(fits[["bfi.correlated.FIML_MLR"]]))[1:60, ], "the first 60 persons, with missing responses")
record("scores.EBM", "bfi", "lavPredict(bfi.correlated.WLSMV, newdata = complete rows 1-400, method = 'EBM')[1:40, ]",
       unclass(lavPredict(fits[["bfi.correlated.WLSMV"]], newdata = first, method = "EBM"))[1:40, ])

for (form in names(models$sim52)) describe(paste0("sim52.", form, ".WLSMV"), "sim52", form, estimator = "WLSMV")
for (estimator in c("ML", "MLR"))
  describe(paste0("sim52.correlated.", estimator), "sim52", "correlated", estimator = estimator)
describe("gaps.correlated.WLSMV_pairwise", "gaps", "correlated", estimator = "WLSMV", missing = "pairwise")

finish <- function() {
  meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")))
  write_json(list(meta = meta, results = results), "cfa.json", digits = NA, auto_unbox = TRUE, na = "null")
}
finish()
describe("gaps.correlated.FIML_MLR", "gaps", "correlated", estimator = "MLR", missing = "fiml")
finish()
