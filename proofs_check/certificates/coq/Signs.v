(* What OneLayer.v assumes of E can be had: the average over all matrices of signs has it, at every width. *)
From Coq Require Import Reals Lia Lra FunctionalExtensionality Arith.
From Vanishing Require Import Sums Recursions OneLayer.
Open Scope R_scope.

Definition put (i j : nat) (c : R) (w : matrix) : matrix :=
  fun k l => if ((k =? i) && (l =? j))%nat%bool then c else w k l.

(* the average over the signs of the first weights of a row, and of the first rows *)
Fixpoint over_row (i columns : nat) (f : matrix -> R) (w : matrix) : R :=
  match columns with
  | O => f w
  | S j => (over_row i j (fun v => f (put i j 1 v)) w + over_row i j (fun v => f (put i j (-1) v)) w) / 2
  end.

Fixpoint over_rows (columns rows : nat) (f : matrix -> R) (w : matrix) : R :=
  match rows with
  | O => f w
  | S i => over_rows columns i (over_row i columns f) w
  end.

Definition average (rows columns : nat) (f : matrix -> R) : R := over_rows columns rows f (fun _ _ => 0).

Lemma row_linear : forall i columns c f g w,
  over_row i columns (fun v => f v + c * g v) w = over_row i columns f w + c * over_row i columns g w.
Proof.
  intros i columns; induction columns as [| j IH]; intros c f g w; simpl; [reflexivity |].
  rewrite (IH c (fun v => f (put i j 1 v)) (fun v => g (put i j 1 v))),
    (IH c (fun v => f (put i j (-1) v)) (fun v => g (put i j (-1) v))). field.
Qed.

Lemma rows_linear : forall columns rows c f g w,
  over_rows columns rows (fun v => f v + c * g v) w = over_rows columns rows f w + c * over_rows columns rows g w.
Proof.
  intros columns rows; induction rows as [| i IH]; intros c f g w; simpl; [reflexivity |].
  rewrite <- IH. f_equal. extensionality v. apply row_linear.
Qed.

Lemma flip_put : forall i j c w, flip i j (put i j c w) = put i j (- c) w.
Proof.
  intros; extensionality k; extensionality l; unfold flip, put.
  destruct (Nat.eqb_spec k i), (Nat.eqb_spec l j); reflexivity.
Qed.

Lemma flip_beside_put : forall i j k l c w, (k <> i \/ l <> j) -> flip k l (put i j c w) = put i j c (flip k l w).
Proof.
  intros i j k l c w apart; extensionality p; extensionality r; unfold flip, put.
  destruct (Nat.eqb_spec p k), (Nat.eqb_spec r l), (Nat.eqb_spec p i), (Nat.eqb_spec r j); simpl; try reflexivity.
  exfalso; subst; destruct apart; congruence.
Qed.

Lemma row_even : forall i columns l f w, (l < columns)%nat ->
  over_row i columns (fun v => f (flip i l v)) w = over_row i columns f w.
Proof.
  intros i columns; induction columns as [| j IH]; intros l f w below; [lia |]. simpl.
  destruct (Nat.eq_dec l j) as [same | apart].
  - subst l.
    replace (fun v => f (flip i j (put i j 1 v))) with (fun v => f (put i j (-1) v)) by
      (extensionality v; rewrite flip_put; f_equal; f_equal; ring).
    replace (fun v => f (flip i j (put i j (-1) v))) with (fun v => f (put i j 1 v)) by
      (extensionality v; rewrite flip_put; f_equal; f_equal; ring).
    field.
  - replace (fun v => f (flip i l (put i j 1 v))) with (fun v => f (put i j 1 (flip i l v))) by
      (extensionality v; rewrite flip_beside_put by (right; exact apart); reflexivity).
    replace (fun v => f (flip i l (put i j (-1) v))) with (fun v => f (put i j (-1) (flip i l v))) by
      (extensionality v; rewrite flip_beside_put by (right; exact apart); reflexivity).
    rewrite (IH l (fun v => f (put i j 1 v))), (IH l (fun v => f (put i j (-1) v))) by lia. reflexivity.
Qed.

Lemma other_row : forall i columns k l f w, k <> i ->
  over_row i columns (fun v => f (flip k l v)) w = over_row i columns f (flip k l w).
Proof.
  intros i columns k l; induction columns as [| j IH]; intros f w apart; [reflexivity |]. simpl.
  replace (fun v => f (flip k l (put i j 1 v))) with (fun v => f (put i j 1 (flip k l v))) by
    (extensionality v; rewrite flip_beside_put by (left; exact apart); reflexivity).
  replace (fun v => f (flip k l (put i j (-1) v))) with (fun v => f (put i j (-1) (flip k l v))) by
    (extensionality v; rewrite flip_beside_put by (left; exact apart); reflexivity).
  rewrite (IH (fun v => f (put i j 1 v))), (IH (fun v => f (put i j (-1) v))) by exact apart. reflexivity.
Qed.

Lemma rows_even : forall columns rows k l f w, (k < rows)%nat -> (l < columns)%nat ->
  over_rows columns rows (fun v => f (flip k l v)) w = over_rows columns rows f w.
Proof.
  intros columns rows; induction rows as [| i IH]; intros k l f w below within; [lia |]. simpl.
  destruct (Nat.eq_dec k i) as [same | apart].
  - subst k. f_equal. extensionality v. apply row_even; exact within.
  - rewrite <- (IH k l (over_row i columns f)) by lia. f_equal. extensionality v. apply other_row; exact apart.
Qed.

(* What has one value on all signs has it as its average. *)
Lemma row_of_constant : forall c i columns (f : matrix -> R) (w : matrix),
  (forall v : matrix, (forall l, (l < columns)%nat -> v i l ^ 2 = 1) -> (forall k l, k <> i -> v k l = w k l) -> f v = c) ->
  over_row i columns f w = c.
Proof.
  intros c i columns; induction columns as [| j IH]; intros f w same; simpl.
  - apply same; [lia | reflexivity].
  - rewrite (IH (fun v => f (put i j 1 v)) w), (IH (fun v => f (put i j (-1) v)) w); [field | |];
      intros v signs others; apply same.
    all: try (intros l below; unfold put; rewrite Nat.eqb_refl; destruct (Nat.eqb_spec l j); simpl; [ring | apply signs; lia]).
    all: intros k l apart; unfold put; destruct (Nat.eqb_spec k i); simpl; [contradiction | apply others; exact apart].
Qed.

Lemma rows_of_constant : forall c columns rows (f : matrix -> R) (w : matrix),
  (forall v : matrix, (forall k l, (k < rows)%nat -> (l < columns)%nat -> v k l ^ 2 = 1) -> f v = c) ->
  over_rows columns rows f w = c.
Proof.
  intros c columns rows; induction rows as [| i IH]; intros f w same; simpl; [apply same; lia |].
  apply IH. intros v signs. apply row_of_constant. intros u row others. apply same. intros k l below within.
  destruct (Nat.eq_dec k i) as [| apart]; [subst; apply row; exact within |].
  rewrite others by exact apart. apply signs; lia.
Qed.

Lemma average_of_constant : forall c rows columns (f : matrix -> R),
  (forall v : matrix, (forall k l, (k < rows)%nat -> (l < columns)%nat -> v k l ^ 2 = 1) -> f v = c) -> average rows columns f = c.
Proof. intros; apply rows_of_constant; assumption. Qed.

Theorem signs_have_fourth_moments : forall rows columns, fourth_moments rows columns 1 1 (average rows columns).
Proof.
  intros rows columns; repeat split.
  - intros f g; unfold average. replace (fun w => f w + g w) with (fun w => f w + 1 * g w) by (extensionality w; ring).
    rewrite rows_linear. ring.
  - intros c f; unfold average.
    replace (fun w => c * f w) with (fun w : matrix => (fun _ : matrix => 0) w + c * f w) by (extensionality w; ring).
    rewrite rows_linear. rewrite (rows_of_constant 0 columns rows (fun _ => 0)) by reflexivity. ring.
  - intros; apply rows_even; assumption.
  - intros; apply average_of_constant; intros v signs; apply signs; assumption.
  - intros i j below within; apply average_of_constant; intros v signs.
    replace (v i j ^ 4) with ((v i j ^ 2) ^ 2) by ring. rewrite signs by assumption. ring.
  - intros i j k l; intros; apply average_of_constant; intros v signs. rewrite !signs by assumption. ring.
Qed.
