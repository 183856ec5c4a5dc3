# Reproduces sem.json: clusters, and models of several groups that invariance.R does not hold. Run in this folder:
# Rscript sem.R (about five minutes). Versions used: R 4.2.2, lavaan 0.6-14, semTools 0.5-6.
suppressMessages({library(lavaan); library(semTools); library(jsonlite)})

bfi <- read.csv("data/bfi.csv")
for (item in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) bfi[[item]] <- 7 - bfi[[item]]
bfi$within <- paste(bfi$gender, bfi$age)
sim <- read.csv("data/sim52_full.csv")
gaps <- read.csv("data/sim52.csv")
five <- sapply(c("A", "C", "E", "N", "O"), function(k) paste0(k, 1:5), simplify = FALSE)
names(five) <- paste0(names(five), "f")
eight <- split(grep("^C[0-9]_", names(sim), value = TRUE), substr(grep("^C[0-9]_", names(sim), value = TRUE), 1, 2))
names(eight) <- paste0("F", names(eight))
write <- function(factors) paste(names(factors), "=~", sapply(factors, paste, collapse = "+"))
second <- function(factors) c(write(factors), paste("g =~", paste(names(factors), collapse = "+")))
bifactor <- function(factors) c(paste("g =~", paste(unlist(factors), collapse = "+")), write(factors))
two <- five[c("Nf", "Ef")]

keep <- c("npar", "chisq", "df", "pvalue", "baseline.chisq", "baseline.df", "cfi", "tli", "rmsea", "rmsea.ci.lower",
          "rmsea.ci.upper", "srmr", "logl", "unrestricted.logl", "aic", "bic", "chisq.scaled", "pvalue.scaled",
          "chisq.scaling.factor", "baseline.chisq.scaled", "baseline.chisq.scaling.factor", "cfi.scaled", "tli.scaled",
          "rmsea.scaled", "cfi.robust", "tli.robust", "rmsea.robust")
results <- list()
record <- function(name, dataset, call, value, note = "") {
  results[[name]] <<- list(dataset = dataset, call = call, value = value, note = note)
  cat(name, format(Sys.time()), "\n")
}
plain <- function(table) {
  table <- as.data.frame(unclass(table))
  if (is.null(table$group)) table$group <- 1
  table[table$op != "~*~", ]
}
describe <- function(name, dataset, fit, call = paste("cfa(", name, ")")) {
  measures <- fitMeasures(fit)
  labels <- lavInspect(fit, "group.label")
  record(name, dataset, call, list(
    groups = if (length(labels)) labels else list(), nobs = lavInspect(fit, "nobs"),
    fit = as.list(measures[intersect(keep, names(measures))]),
    estimates = as.list(plain(parameterEstimates(fit, ci = FALSE))[c("lhs", "op", "rhs", "group", "est", "se")]),
    standardised = as.list(plain(standardizedSolution(fit, zstat = FALSE, pvalue = FALSE))[
      c("lhs", "op", "rhs", "group", "est.std", "se")])))
  invisible(fit)
}

# Clusters.
rows <- function(columns) bfi[complete.cases(bfi[columns]), ]
clustered <- function(name, text, data, cluster, ...) describe(
  name, deparse1(substitute(data)), cfa(text, data, cluster = cluster, ...))
clustered("cluster.correlated.MLR", write(five), bfi, "age", estimator = "MLR")
clustered("cluster.second_order.MLR", second(five), bfi, "age", estimator = "MLR")
clustered("cluster.bifactor.MLR", bifactor(five), bfi, "age", estimator = "MLR", std.lv = TRUE, orthogonal = TRUE)
clustered("cluster.correlated.FIML_MLR", write(five), bfi, "age", estimator = "MLR", missing = "fiml")
clustered("cluster.teams.MLR", write(eight[1:3]), sim, "team", estimator = "MLR")
for (level in c("configural", "metric", "scalar")) {
  equal <- list(configural = "", metric = "loadings", scalar = c("loadings", "intercepts"))[[level]]
  assign(level, clustered(paste0("cluster.groups.MLR.", level), write(two), bfi, "within", estimator = "MLR",
                          group = "gender", std.lv = TRUE, group.equal = equal))
}
test <- lavTestLRT(configural, metric, scalar)
record("cluster.groups.MLR.difference", "bfi", "lavTestLRT(configural, metric, scalar)",
       list(statistic = test[["Chisq diff"]], df = test[["Df diff"]], p = test[["Pr(>Chisq)"]]))
clustered("cluster.groups.FIML_MLR.metric", write(two), bfi, "within", estimator = "MLR", missing = "fiml",
          group = "gender", std.lv = TRUE, group.equal = "loadings")

# Second-order, bifactor and unweighted models in groups.
by_gender <- function(name, text, ..., equal = "") describe(
  name, "bfi by gender", cfa(text, bfi, group = "gender", group.equal = equal, ...))
by_gender("groups.second_order.MLR.configural", second(five), estimator = "MLR", std.lv = TRUE)
by_gender("groups.second_order.MLR.metric", second(five), estimator = "MLR", std.lv = TRUE, equal = "loadings")
by_gender("groups.bifactor.MLR.configural", bifactor(five[c("Cf", "Ef", "Nf")]), estimator = "MLR", std.lv = TRUE,
          orthogonal = TRUE)
theta <- function(name, text, estimator, equal) {
  items <- unlist(five)[sapply(unlist(five), function(item) any(grepl(item, text)))]
  arguments <- list(paste(text, collapse = "\n"), bfi, ordered = unname(items), parameterization = "theta",
                    ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "gender")
  if (length(equal)) arguments$group.equal <- equal
  made <- as.character(do.call(measEq.syntax, arguments))
  describe(name, "bfi by gender", cfa(made, bfi, ordered = unname(items), parameterization = "theta", group = "gender",
                                      estimator = estimator), "cfa(measEq.syntax(ID.cat = 'Wu.Estabrook.2016'))")
}
all <- c("thresholds", "loadings", "intercepts")
theta("groups.correlated.ULSMV.configural", write(two), "ULSMV", character(0))
theta("groups.correlated.ULSMV.scalar", write(two), "ULSMV", all)
theta("groups.correlated.WLSMV.scalar", write(two), "WLSMV", all)
ordinal <- cfa(write(five), bfi, ordered = unlist(five), estimator = "WLSMV", parameterization = "theta")
describe("one.correlated.WLSMV_theta", "bfi", ordinal)

# Score tests, factor scores of groups.
modified <- function(name, fit) {
  table <- modindices(fit)
  record(name, "bfi by gender", "modindices()", as.list(as.data.frame(unclass(table))[
    c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.all")]))
}
ml <- function(equal) cfa(write(two), bfi, group = "gender", std.lv = TRUE, group.equal = equal)
metric <- ml("loadings")
modified("modification.groups.ML.configural", ml(""))
modified("modification.groups.ML.metric", metric)
modified("modification.groups.WLSMV.configural",
         cfa(write(two), bfi, group = "gender", ordered = unlist(two), estimator = "WLSMV", std.lv = TRUE,
             parameterization = "theta"))
scores <- function(name, fit, ...) record(name, "bfi by gender", "lavPredict()[1:30, ] of each group",
  lapply(lavPredict(fit, ...), function(part) unclass(part)[1:30, ]))
scores("scores.groups.ML.scalar", ml(c("loadings", "intercepts")))
# Each group alone and with the delta parameterisation: lavaan's modes of theta do not rescale the thresholds.
alone <- function(gender) {
  people <- bfi[bfi$gender == gender, ]
  fit <- cfa(write(two), people, ordered = unname(unlist(two)), estimator = "WLSMV", std.lv = TRUE)
  unclass(lavPredict(fit, newdata = na.omit(people[unlist(two)])[1:400, ], method = "EBM"))[1:30, ]
}
record("scores.groups.WLSMV.alone", "bfi by gender", "lavPredict(method = 'EBM')[1:30, ] of each group alone",
       list("1" = alone(1), "2" = alone(2)))

# Values and labels.
text <- "Nf =~ N1 + x*N2 + x*N3 + N4 + 0.7*N5\nEf =~ NA*E1 + E2 + E3 + x*E4 + E5\nEf ~~ 1*Ef\nN1 ~~ N2\nNf ~~ -0.3*Ef"
fit <- cfa(text, bfi)
record("syntax.ML", "bfi", "cfa(syntax)", list(
  syntax = text, chisq = unname(fitMeasures(fit, "chisq")), df = unname(fitMeasures(fit, "df")),
  estimates = as.list(as.data.frame(unclass(parameterEstimates(fit, ci = FALSE)))[c("lhs", "op", "rhs", "est", "se")])))

meta <- list(R = R.version.string, lavaan = as.character(packageVersion("lavaan")),
             semTools = as.character(packageVersion("semTools")))
write_json(list(meta = meta, results = results), "sem.json", auto_unbox = TRUE, digits = NA, na = "null")
