# Reproduces invariance.json. Run in this folder: Rscript invariance.R (about five minutes, most of it the fits of
# 52 items). Versions used: R 4.2.2, lavaan 0.6-14, semTools 0.5-6.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")
for (item in c("E1", "E2")) bfi[[item]] <- 7 - bfi[[item]]
neurotic <- paste0("N", 1:5)
two <- c(neurotic, paste0("E", 1:5))
five <- sapply(c("A", "C", "E", "N", "O"), function(k) paste0(k, 1:5), simplify = FALSE)
complete <- bfi[complete.cases(bfi[c(unlist(five), "gender")]), ]
three <- bfi
three[neurotic] <- lapply(bfi[neurotic], function(codes) ceiling(codes / 2))
sim <- read.csv("data/sim52_full.csv")
items <- grep("^C[0-9]_", names(sim), value = TRUE)
eight <- split(items, substr(items, 1, 2))
joined <- sim
joined[items] <- lapply(sim[items], pmax, 2)
syntax <- function(factors) paste(names(factors), "=~", sapply(factors, paste, collapse = "+"), collapse = "\n")
one <- syntax(list(N = neurotic))
both <- syntax(list(N = neurotic, E = two[6:10]))

keep <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea", "rmsea.ci.lower",
          "rmsea.ci.upper", "srmr", "logl", "unrestricted.logl", "aic", "bic", "chisq.scaled", "pvalue.scaled",
          "chisq.scaling.factor", "baseline.chisq.scaled", "cfi.scaled", "tli.scaled", "rmsea.scaled",
          "rmsea.ci.lower.scaled", "rmsea.ci.upper.scaled", "cfi.robust", "tli.robust", "rmsea.robust",
          "rmsea.ci.lower.robust", "rmsea.ci.upper.robust")
results <- list()
record <- function(name, dataset, call, value, note = "") {
  results[[name]] <<- list(dataset = dataset, call = call, value = value, note = note)
  cat(name, format(Sys.time()), "\n")
}
describe <- function(name, dataset, call, fit, estimates) {
  measures <- fitMeasures(fit)
  value <- list(groups = lavInspect(fit, "group.label"), nobs = lavInspect(fit, "nobs"),
                fit = as.list(measures[intersect(keep, names(measures))]))
  if (estimates) {
    table <- as.data.frame(unclass(parameterEstimates(fit, ci = FALSE)))
    # Item scales follow from the other parameters.
    value$estimates <- as.list(table[table$op != "~*~", c("lhs", "op", "rhs", "group", "est", "se")])
  }
  record(name, dataset, call, value)
}
# One fit a level, and the test of each level against the one before.
walk <- function(prefix, dataset, levels, call, fitted, estimates = FALSE) {
  fits <- lapply(levels, fitted)
  for (level in names(levels)) describe(paste(prefix, level, sep = "."), dataset, call, fits[[level]], estimates)
  test <- do.call(lavTestLRT, unname(fits))
  value <- list(levels = names(levels), statistic = test[["Chisq diff"]], df = test[["Df diff"]],
                p = test[["Pr(>Chisq)"]])
  record(paste0(prefix, ".difference"), dataset, "lavTestLRT(all levels)", value)
  invisible(fits)
}
none <- character(0)
shared <- function(equal) if (length(equal)) equal else ""
continuous <- list(configural = none, metric = "loadings", scalar = c("loadings", "intercepts"),
                   strict = c("loadings", "intercepts", "residuals"))
ordered_levels <- list(configural = none, thresholds = "thresholds", metric = c("thresholds", "loadings"),
                       scalar = c("thresholds", "loadings", "intercepts"),
                       strict = c("thresholds", "loadings", "intercepts", "residuals"))

theta <- function(text, frame, names, group, equal, partial = none, missing = "listwise") {
  arguments <- list(text, frame, ordered = names, parameterization = "theta", ID.fac = "std.lv",
                    ID.cat = "Wu.Estabrook.2016", group = group, missing = missing)
  if (length(equal)) arguments$group.equal <- equal
  if (length(partial)) arguments$group.partial <- partial
  made <- as.character(do.call(measEq.syntax, arguments))
  cfa(made, frame, ordered = names, parameterization = "theta", group = group, estimator = "WLSMV", missing = missing)
}
theta_call <- "cfa(measEq.syntax(ID.cat = 'Wu.Estabrook.2016', parameterization = 'theta', group.equal), WLSMV)"
walk("bfi_N.WLSMV", "bfi by gender", ordered_levels, theta_call,
     function(equal) theta(one, bfi, neurotic, "gender", equal), TRUE)
walk("bfi_NE.WLSMV_pairwise", "bfi by gender", ordered_levels, paste(theta_call, "missing = 'pairwise'"),
     function(equal) theta(both, bfi, two, "gender", equal, missing = "pairwise"), TRUE)
walk("sim52_C1.WLSMV", "sim52_full by sector, codes 1 and 2 joined", ordered_levels, theta_call,
     function(equal) theta(syntax(eight["C1"]), joined, eight$C1, "sector", equal))
walk("bfi_N3.WLSMV", "bfi by gender, six codes joined to three", ordered_levels[-2], theta_call,
     function(equal) theta(one, three, neurotic, "gender", equal), TRUE)
partial <- function(name, equal, what) {
  describe(name, "bfi by gender", paste(theta_call, "group.partial =", what),
           theta(one, bfi, neurotic, "gender", equal, what), TRUE)
}
partial("bfi_N.WLSMV.partial_intercept", ordered_levels$scalar, "N4 ~ 1")
partial("bfi_N.WLSMV.partial_loading", ordered_levels$metric, "N =~ N4")

# lavaan's own identification: fit does not depend on it.
walk("bfi_N.marker", "bfi by gender", list(configural = none, loadings = "loadings",
     loadings_thresholds = c("loadings", "thresholds")), "cfa(WLSMV, parameterization = 'theta', group.equal)",
     function(equal) cfa(one, bfi, ordered = neurotic, group = "gender", estimator = "WLSMV",
                         parameterization = "theta", group.equal = shared(equal)))
walk("sim52_C1C2.marker", "sim52_full by sector, codes 1 and 2 joined", list(configural = none,
     thresholds = "thresholds", thresholds_loadings = c("thresholds", "loadings")),
     "cfa(WLSMV, parameterization = 'theta', group.equal)",
     function(equal) cfa(syntax(eight[1:2]), joined, ordered = unlist(eight[1:2]), group = "sector",
                         estimator = "WLSMV", parameterization = "theta", group.equal = shared(equal)))

walk("bfi25.MLR", "bfi by gender, complete", continuous, "cfa(MLR, group.equal)",
     function(equal) cfa(syntax(five), complete, group = "gender", estimator = "MLR", group.equal = shared(equal)))
for (estimator in c("ML", "MLR")) for (missing in c("listwise", "fiml")) {
  label <- if (missing == "fiml") paste0("FIML_", estimator) else estimator
  walk(paste0("bfi_NE.", label), "bfi by gender", continuous,
       paste0("cfa(", estimator, ", missing = '", missing, "', std.lv = TRUE, group.equal)"),
       function(equal) cfa(both, bfi, group = "gender", estimator = estimator, missing = missing, std.lv = TRUE,
                           group.equal = shared(equal)), TRUE)
}
normal <- function(text, equal, ...) {
  cfa(text, bfi, group = "gender", estimator = "MLR", std.lv = TRUE, group.equal = shared(equal), ...)
}
describe("bfi_NE.MLR.partial_intercept", "bfi by gender", "cfa(MLR, scalar, group.partial = 'N4 ~ 1')",
         normal(both, continuous$scalar, group.partial = "N4 ~ 1"), TRUE)
describe("bfi_NE.MLR.partial_loading", "bfi by gender", "cfa(MLR, metric, group.partial = 'N =~ N4')",
         normal(both, continuous$metric, group.partial = "N =~ N4"), TRUE)
describe("bfi_NE.MLR.residuals", "bfi by gender", "cfa(MLR, scalar, N1 ~~ N2)",
         normal(paste(both, "\nN1 ~~ N2"), continuous$scalar), TRUE)

# Score tests of releasing one item's equality: all of its constraints at once.
release <- function(name, dataset, fit, op, level) {
  table <- parTable(fit)
  equal <- table[table$op == "==", ]
  item_of <- function(label) with(table[table$plabel == label, ][1, ], if (op == "=~") rhs else lhs)
  is_kind <- sapply(equal$lhs, function(label) table$op[match(label, table$plabel)] == op)
  owners <- sapply(equal$lhs, item_of)
  chosen <- setdiff(unique(owners[is_kind]), c("N", "E", "C1"))
  tests <- lapply(chosen, function(item) {
    total <- lavTestScore(fit, release = which(is_kind & owners == item))$test
    list(statistic = total$X2, df = total$df, p = total$p.value)
  })
  record(name, dataset, paste0("lavTestScore(", level, ", release = every equality of the item)"),
         setNames(tests, chosen))
}
ml <- function(text, frame, group, equal) {
  cfa(text, frame, group = group, estimator = "ML", std.lv = TRUE, group.equal = shared(equal))
}
release("bfi_NE.ML.release_loadings", "bfi by gender", ml(both, bfi, "gender", continuous$metric), "=~", "metric")
release("bfi_NE.ML.release_intercepts", "bfi by gender", ml(both, bfi, "gender", continuous$scalar), "~1", "scalar")
release("sim52_C1.ML.release_loadings", "sim52_full by sector",
        ml(syntax(eight["C1"]), sim, "sector", continuous$metric), "=~", "metric")

record("bfi_N.counts", "bfi by gender", "table(gender, item)",
       setNames(lapply(neurotic, function(item) unname(unclass(table(bfi$gender, bfi[[item]])))), neurotic))
empty <- function(frame, codes) items[sapply(items, function(item)
  any(table(frame$sector, factor(frame[[item]], codes)) == 0))]
record("sim52.empty", "sim52_full by sector", "items with a zero in table(sector, item)", empty(sim, 1:5))
record("sim52.empty_joined", "sim52_full by sector, codes 1 and 2 joined", "items with a zero in table(sector, item)",
       as.list(empty(joined, 2:5)))

walk("sim52.ML", "sim52_full by sector", continuous, "cfa(ML, group.equal)",
     function(equal) cfa(syntax(eight), sim, group = "sector", group.equal = shared(equal)))

meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")),
             semTools = as.character(packageVersion("semTools")))
write_json(list(meta = meta, results = results), "invariance.json", auto_unbox = TRUE, digits = NA, na = "null")
