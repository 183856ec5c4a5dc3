# Reproduces spline.json. Run in this folder: Rscript spline.R
# Versions used: R 4.2.2, Hmisc 4.8.0, sandwich 3.0.2.
suppressMessages({library(Hmisc); library(sandwich); library(jsonlite)})
sc <- merge(read.csv("data/sim52_scores.csv"), read.csv("data/sim52.csv")[c("id", "tenure")], by = "id")
sc <- sc[order(sc$id), ]
sc <- sc[!is.na(sc$tenure), ]
knots <- c(1, 4, 8, 20)
basis <- rcspline.eval(sc$tenure, knots = knots, inclx = TRUE, norm = 2)
colnames(basis) <- paste0("x", 1:3)

wald <- function(fit, V, terms, df) {
  b <- coef(fit)[terms]; f <- drop(t(b) %*% solve(V[terms, terms]) %*% b) / length(terms)
  list(f = f, p = pf(f, length(terms), df, lower.tail = FALSE))
}
study <- function(y, type) {
  fit <- lm(y ~ basis)
  V <- switch(type, classical = vcov(fit), cluster = vcovCL(fit, cluster = sc$team, type = "HC1"), vcovHC(fit, type))
  df <- if (type == "cluster") length(unique(sc$team)) - 1 else df.residual(fit)
  at <- cbind(1, rcspline.eval(c(1, 5, 20), knots = knots, inclx = TRUE, norm = 2))
  estimate <- drop(at %*% coef(fit)); error <- sqrt(diag(at %*% V %*% t(at))); reach <- qt(.975, df)
  list(overall = wald(fit, V, 2:4, df), nonlinear = wald(fit, V, 3:4, df), r_squared = summary(fit)$r.squared,
       linear = summary(lm(y ~ sc$tenure))$r.squared, n = nrow(sc), df = df,
       estimate = estimate, lower = estimate - reach * error, upper = estimate + reach * error)
}
entry <- function(value, call) list(dataset = "sim52_scores joined with tenure of sim52", call = call, value = value, note = "knots 1, 4, 8, 20")
results <- list(
  basis = entry(unname(basis[1:25, ]), "rcspline.eval(tenure, knots, inclx = TRUE, norm = 2)[1:25, ]"),
  HC3 = entry(study(sc$C1, "HC3"), "lm(C1 ~ basis), vcovHC"),
  cluster = entry(study(sc$C1, "cluster"), "lm(C1 ~ basis), vcovCL over teams"),
  classical = entry(study(sc$C5, "classical"), "lm(C5 ~ basis)"))
meta <- list(R = R.version.string, Hmisc = as.character(packageVersion("Hmisc")), sandwich = as.character(packageVersion("sandwich")))
write_json(list(meta = meta, results = results), "spline.json", auto_unbox = TRUE, digits = 17)
